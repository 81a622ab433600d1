package fencepost.clients;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** Offsets in transactions, as the clients of their group meet them. */
// The identity of a zombie can only be made by hand.
@SuppressWarnings({"deprecation", "removal"})
final class GroupOffsets {
    /**
     * TXOFF-54: while an offset is pending, a consumer of either isolation level asks again until its own
     * timeout. An admin client leaves the partition out, or shows the old offset if it was not told to care.
     */
    static void openTransactionHoldsBack(Cluster cluster) throws Exception {
        TopicPartition input = new TopicPartition(cluster.topic("offsets", 1), 0);
        String group = cluster.named("offsets-group");
        KafkaProducer<byte[], byte[]> producer = cluster.transactional("offsets");
        commit(producer, input, 5, new ConsumerGroupMetadata(group));
        Check.equal("the committed offset", 5L, committed(cluster, Isolation.COMMITTED, input, 10_000));

        producer.beginTransaction();
        producer.sendOffsetsToTransaction(Map.of(input, new OffsetAndMetadata(9)), new ConsumerGroupMetadata(group));
        for (Isolation isolation : Isolation.values()) {
            Check.raises("an offset under an open transaction, " + isolation, TimeoutException.class,
                () -> committed(cluster, isolation, input, 700));
        }
        Check.equal("what an admin client sees", 5L, listed(cluster, false).get(input).offset());
        Check.equal("what an admin client sees of stable offsets", Map.of(), listed(cluster, true));

        FutureTask<Long> patient = new FutureTask<>(() -> committed(cluster, Isolation.COMMITTED, input, 20_000));
        Thread thread = new Thread(patient);
        thread.setDaemon(true);
        thread.start();
        producer.commitTransaction();
        Check.equal("the offset that the patient consumer gets", 9L, patient.get(20, TimeUnit.SECONDS));
    }

    /**
     * TXOFF-78: a producer that commits for a member whom the group does not know, or for a group that is not
     * there, has to abort; the next transaction is as good as any.
     */
    static void memberFenced(Cluster cluster) throws Exception {
        TopicPartition input = new TopicPartition(cluster.topic("fenced", 1), 0);
        String group = cluster.named("offsets-group");
        KafkaProducer<byte[], byte[]> producer = cluster.transactional("member");
        ConsumerGroupMetadata zombie = new ConsumerGroupMetadata(group, 7, "nobody", Optional.empty());
        for (long offset : new long[] {5, 6}) {
            producer.beginTransaction();
            Check.raises("offsets of a zombie", CommitFailedException.class, () -> {
                producer.sendOffsetsToTransaction(Map.of(input, new OffsetAndMetadata(99)), zombie);
                return null;
            });
            producer.abortTransaction();
            // The first of these makes the group, so that the member is unknown in the second round.
            commit(producer, input, offset, new ConsumerGroupMetadata(group));
            Check.equal("the committed offset", offset, committed(cluster, Isolation.COMMITTED, input, 10_000));
        }
    }

    private static void commit(KafkaProducer<byte[], byte[]> producer, TopicPartition input, long offset,
            ConsumerGroupMetadata group) {
        producer.beginTransaction();
        producer.sendOffsetsToTransaction(Map.of(input, new OffsetAndMetadata(offset)), group);
        producer.commitTransaction();
    }

    private static long committed(Cluster cluster, Isolation isolation, TopicPartition input, long patienceMs) {
        Map<String, Object> config = Map.of(ConsumerConfig.GROUP_ID_CONFIG, cluster.named("offsets-group"));
        try (KafkaConsumer<byte[], byte[]> consumer = cluster.consumer(isolation, config)) {
            return consumer.committed(Set.of(input), Duration.ofMillis(patienceMs)).get(input).offset();
        }
    }

    private static Map<TopicPartition, OffsetAndMetadata> listed(Cluster cluster, boolean stable) throws Exception {
        ListConsumerGroupOffsetsOptions options = new ListConsumerGroupOffsetsOptions().requireStable(stable);
        return cluster.admin().listConsumerGroupOffsets(cluster.named("offsets-group"), options)
            .partitionsToOffsetAndMetadata().get(20, TimeUnit.SECONDS);
    }

    private GroupOffsets() {}
}
