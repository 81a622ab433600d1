package fencepost.clients;

import static fencepost.clients.TopicAdmin.get;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;

/** What an operator sees of transactions and their producers, and how one is ended by force. */
final class TransactionAdmin {
    static void run(Cluster cluster) throws Exception {
        String topic = cluster.topic("transactions", 1);
        TopicPartition at = new TopicPartition(topic, 0);
        KafkaProducer<byte[], byte[]> fenced = open(cluster, "fenced", topic);
        long producerId = inspect(cluster, cluster.named("fenced"), at);

        Admin admin = cluster.admin();
        get(admin.fenceProducers(List.of(cluster.named("fenced"))).all());
        // The admin client asks again while the abort runs; its last InitProducerId leaves the id empty.
        Check.equal("state after fencing", TransactionState.EMPTY, describe(admin, cluster.named("fenced")).state());
        Check.equal("producer id after fencing", producerId, describe(admin, cluster.named("fenced")).producerId());
        Check.equal("no partition left", Set.of(), describe(admin, cluster.named("fenced")).topicPartitions());
        Check.raises("the fenced producer's commit", ProducerFencedException.class, () -> {
            fenced.commitTransaction();
            return null;
        });

        KafkaProducer<byte[], byte[]> terminated = open(cluster, "terminated", topic);
        get(admin.forceTerminateTransaction(cluster.named("terminated")).result());
        Check.raises("the terminated producer's commit", ProducerFencedException.class, () -> {
            terminated.commitTransaction();
            return null;
        });
        abortHanging(cluster, topic, at);
        Check.sameList("read_committed", List.of(), cluster.values(Isolation.COMMITTED, topic));
        get(admin.deleteTopics(List.of(topic)).all());
    }

    private static KafkaProducer<byte[], byte[]> open(Cluster cluster, String name, String topic) {
        KafkaProducer<byte[], byte[]> producer = cluster.transactional(name,
            Map.of(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 45_000));
        producer.beginTransaction();
        Cluster.send(producer, topic, 0, name + "-1", name + "-2");
        producer.flush();
        return producer;
    }

    /** Lists and describes the one open transaction; returns its producer id. */
    private static long inspect(Cluster cluster, String transactionalId, TopicPartition at) throws Exception {
        Admin admin = cluster.admin();
        TransactionDescription description = describe(admin, transactionalId);
        long producerId = description.producerId();
        Check.equal("state", TransactionState.ONGOING, description.state());
        Check.equal("partitions", Set.of(at), description.topicPartitions());
        Check.equal("timeout", 45_000L, description.transactionTimeoutMs());
        Check.isTrue("start time", description.transactionStartTimeMs().isPresent());
        Check.raises("describe an unknown id", TransactionalIdNotFoundException.class,
            () -> describe(admin, transactionalId + "-unknown"));

        TransactionListing expected = new TransactionListing(transactionalId, producerId, TransactionState.ONGOING);
        ListTransactionsOptions byState = new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING));
        Check.isTrue("listed by state", get(admin.listTransactions(byState).all()).contains(expected));
        Check.equal("listed by producer id", List.of(expected), List.copyOf(get(admin.listTransactions(
            new ListTransactionsOptions().filterProducerIds(Set.of(producerId))).all())));
        Check.equal("listed by pattern", List.of(expected), List.copyOf(get(admin.listTransactions(
            new ListTransactionsOptions().filterOnTransactionalIdPattern(transactionalId + ".*")).all())));
        Check.equal("none of another state", List.of(), List.copyOf(get(admin.listTransactions(
            new ListTransactionsOptions().filterProducerIds(Set.of(producerId))
                .filterStates(Set.of(TransactionState.PREPARE_COMMIT))).all())));
        Check.equal("none has run for an hour", List.of(), List.copyOf(get(admin.listTransactions(
            new ListTransactionsOptions().filterProducerIds(Set.of(producerId))
                .filterOnDuration(3_600_000)).all())));

        ProducerState producer = producers(admin, at).get(producerId);
        Check.equal("producer's epoch", description.producerEpoch(), producer.producerEpoch());
        Check.equal("its last sequence", 1, producer.lastSequence());
        Check.equal("its transaction's start", OptionalLong.of(0), producer.currentTransactionStartOffset());
        return producerId;
    }

    /** A marker written by the operator ends a transaction that hangs in one partition. */
    private static void abortHanging(Cluster cluster, String topic, TopicPartition at) throws Exception {
        open(cluster, "hanging", topic);
        Admin admin = cluster.admin();
        long producerId = describe(admin, cluster.named("hanging")).producerId();
        ProducerState hanging = producers(admin, at).get(producerId);
        Check.isTrue("the transaction is open", hanging.currentTransactionStartOffset().isPresent());
        get(admin.abortTransaction(new AbortTransactionSpec(at, producerId, (short) hanging.producerEpoch(),
            hanging.coordinatorEpoch().orElse(0))).all());
        Check.equal("no transaction is open any more", OptionalLong.empty(),
            producers(admin, at).get(producerId).currentTransactionStartOffset());
        // The coordinator has not heard of it; its own end of the transaction still works.
        Check.equal("the coordinator's state", TransactionState.ONGOING,
            describe(admin, cluster.named("hanging")).state());
        get(admin.fenceProducers(List.of(cluster.named("hanging"))).all());
        Check.equal("the coordinator's state at last", TransactionState.EMPTY,
            describe(admin, cluster.named("hanging")).state());
    }

    private static TransactionDescription describe(Admin admin, String transactionalId) throws Exception {
        return get(admin.describeTransactions(List.of(transactionalId)).description(transactionalId));
    }

    private static Map<Long, ProducerState> producers(Admin admin, TopicPartition at) throws Exception {
        return get(admin.describeProducers(List.of(at)).partitionResult(at)).activeProducers().stream()
            .collect(Collectors.toMap(ProducerState::producerId, state -> state));
    }

    private TransactionAdmin() { }
}
