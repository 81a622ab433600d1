package fencepost.records;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Makes the coordinators write records of every kind, one thing after another. */
final class Workload implements AutoCloseable {
    private static final String TOPIC = "orders";
    private static final byte[] RECORD = {1, 2, 3};
    private static final Duration BOUND = Duration.ofSeconds(20);
    private final String bootstrap;
    private final Admin admin;

    Workload(String bootstrap) {
        this.bootstrap = bootstrap;
        this.admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }

    void run() throws Exception {
        admin.createTopics(List.of(new NewTopic(TOPIC, Optional.of(2), Optional.empty()))).all().get(20, TimeUnit.SECONDS);
        committedAndAborted();
        emptyTransactions();
        offsetsInTransactions();
        fencedAndTimedOut();
        classicGroup("classic-dynamic", null);
        classicGroup("classic-static", "seat");
        consumerGroup("modern-dynamic", null);
        consumerGroup("modern-static", "seat");
        deletions();
        awaitExpiredTransactionalIds();
    }

    private void committedAndAborted() {
        try (KafkaProducer<byte[], byte[]> producer = producer("both-ends", 60_000)) {
            producer.initTransactions();
            for (boolean commit : new boolean[] {true, false, true}) {
                producer.beginTransaction();
                send(producer, 0);
                send(producer, 1);
                if (commit) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
    }

    private void emptyTransactions() {
        try (KafkaProducer<byte[], byte[]> producer = producer("empty", 60_000)) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.commitTransaction();
            producer.beginTransaction();
            producer.abortTransaction();
        }
    }

    // A group without members has no consumer to ask for its metadata.
    @SuppressWarnings("removal")
    private void offsetsInTransactions() {
        try (KafkaProducer<byte[], byte[]> producer = producer("offsets", 60_000)) {
            producer.initTransactions();
            for (long offset = 1; offset <= 2; offset++) {
                producer.beginTransaction();
                Map<TopicPartition, OffsetAndMetadata> offsets =
                    Map.of(partition(0), new OffsetAndMetadata(offset, Optional.of(3), "in a transaction"));
                producer.sendOffsetsToTransaction(offsets, new ConsumerGroupMetadata("simple"));
                if (offset == 1) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
    }

    private void fencedAndTimedOut() throws Exception {
        try (KafkaProducer<byte[], byte[]> first = producer("fenced", 60_000);
                KafkaProducer<byte[], byte[]> second = producer("fenced", 60_000)) {
            first.initTransactions();
            first.beginTransaction();
            send(first, 0);
            second.initTransactions();
            second.beginTransaction();
            send(second, 1);
            second.commitTransaction();
        }
        try (KafkaProducer<byte[], byte[]> slow = producer("timed-out", 500)) {
            slow.initTransactions();
            slow.beginTransaction();
            send(slow, 0);
            await("the transaction is aborted", () -> state("timed-out") == TransactionState.COMPLETE_ABORT);
        }
    }

    private void classicGroup(String group, String instance) {
        useGroup(group, "classic", instance);
    }

    private void consumerGroup(String group, String instance) {
        useGroup(group, "consumer", instance);
    }

    private void useGroup(String group, String protocol, String instance) {
        Map<String, Object> settings = new HashMap<>(Map.of(
            "bootstrap.servers", bootstrap, "group.id", group, "group.protocol", protocol,
            "client.id", "client", "enable.auto.commit", "false", "auto.offset.reset", "earliest"));
        if (instance != null) {
            settings.put("group.instance.id", instance);
        }
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            long end = System.nanoTime() + BOUND.toNanos();
            while (consumer.assignment().size() < 2) {
                if (System.nanoTime() > end) {
                    throw new IllegalStateException(group + ": no assignment within " + BOUND);
                }
                consumer.poll(Duration.ofMillis(100));
            }
            consumer.commitSync(Map.of(partition(0), new OffsetAndMetadata(7, Optional.empty(), "")), BOUND);
            consumer.commitSync(Map.of(partition(1), new OffsetAndMetadata(8, Optional.of(0), "with an epoch")), BOUND);
        }
    }

    private void deletions() throws Exception {
        // The seats of static members are still taken, and only that of a classic group can be cleared from outside.
        admin.removeMembersFromConsumerGroup("classic-static",
            new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("seat")))).all().get(20, TimeUnit.SECONDS);
        admin.deleteConsumerGroupOffsets("classic-dynamic", Set.of(partition(0))).all().get(20, TimeUnit.SECONDS);
        for (String group : List.of("simple", "classic-dynamic", "classic-static", "modern-dynamic")) {
            admin.deleteConsumerGroups(List.of(group)).all().get(20, TimeUnit.SECONDS);
        }
    }

    private void awaitExpiredTransactionalIds() throws Exception {
        await("all transactional ids expire", () -> admin.listTransactions().all().get(20, TimeUnit.SECONDS).isEmpty());
    }

    private TransactionState state(String transactionalId) throws Exception {
        return admin.describeTransactions(List.of(transactionalId)).all().get(20, TimeUnit.SECONDS)
            .get(transactionalId).state();
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(String what, Condition condition) throws Exception {
        long end = System.nanoTime() + BOUND.toNanos();
        while (true) {
            try {
                if (condition.holds()) {
                    return;
                }
            } catch (ExecutionException error) {
                if (!(error.getCause() instanceof ApiException)) {
                    throw error;
                }
            }
            if (System.nanoTime() > end) {
                throw new IllegalStateException("not within " + BOUND + ": " + what);
            }
            Thread.sleep(50);
        }
    }

    private KafkaProducer<byte[], byte[]> producer(String transactionalId, int timeoutMs) {
        return new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap, "transactional.id", transactionalId, "client.id", "client",
                "transaction.timeout.ms", timeoutMs),
            new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** One partition after the other, so that they join the transaction in this order. */
    private static void send(KafkaProducer<byte[], byte[]> producer, int partition) {
        producer.send(new ProducerRecord<>(TOPIC, partition, null, RECORD));
        producer.flush();
    }

    private static TopicPartition partition(int partition) {
        return new TopicPartition(TOPIC, partition);
    }
}
