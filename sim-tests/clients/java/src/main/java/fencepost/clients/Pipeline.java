package fencepost.clients;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** Consume, transform, produce: outputs and offsets in one transaction, with a rebalance in the middle. */
final class Pipeline {
    static final int INPUTS = 600;
    static final int PARTITIONS = 4;

    static void run(Cluster cluster, String groupProtocol) throws Exception {
        String input = cluster.topic("input", PARTITIONS);
        String output = cluster.topic("output", PARTITIONS);
        KafkaProducer<byte[], byte[]> source = cluster.producer(Map.of());
        produce(source, input, 0, INPUTS / 2);

        Member first = new Member(cluster, groupProtocol, "first", input, output, producer -> { });
        Member second = new Member(cluster, groupProtocol, "second", input, output, producer -> { });
        first.start();
        Check.eventually("the first member works alone", true, () -> first.alive() && first.done >= INPUTS / 4);
        second.start();
        Check.eventually("the second member shares the partitions", List.of(2, 2), () -> {
            Check.isTrue("both members live", first.alive() && second.alive());
            return List.of(first.assigned, second.assigned);
        });
        produce(source, input, INPUTS / 2, INPUTS);
        Check.eventually("the outputs of all inputs", INPUTS, () -> {
            Check.isTrue("both members live", first.alive() && second.alive());
            return first.done + second.done;
        });
        first.finish();
        second.finish();
        Check.isTrue("both members did some (" + first.done + ", " + second.done + ")",
            first.done > 0 && second.done > 0);

        expectAll(cluster, input, output);
    }

    /** Every input has its output once and in order, and the group's offsets are at the ends. */
    static void expectAll(Cluster cluster, String input, String output) throws Exception {
        Map<Integer, List<String>> byPartition = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : cluster.readAll(Isolation.COMMITTED, output)) {
            byPartition.computeIfAbsent(record.partition(), p -> new ArrayList<>()).add(Rec.text(record.value()));
        }
        Map<TopicPartition, Long> ends = new HashMap<>();
        for (int p = 0; p < PARTITIONS; p++) {
            ends.put(new TopicPartition(input, p), (long) INPUTS / PARTITIONS);
        }
        Check.eventually("committed offsets", ends, () -> committed(cluster));
        for (int p = 0; p < PARTITIONS; p++) {
            List<String> expected = new ArrayList<>();
            for (int i = p; i < INPUTS; i += PARTITIONS) {
                expected.add("OUT-" + i);
            }
            Check.sameList("outputs of partition " + p, expected, byPartition.getOrDefault(p, List.of()));
        }
    }

    private static Map<TopicPartition, Long> committed(Cluster cluster) throws Exception {
        Map<TopicPartition, Long> committed = new HashMap<>();
        cluster.admin().listConsumerGroupOffsets(cluster.named("group")).partitionsToOffsetAndMetadata()
            .get(10, TimeUnit.SECONDS).forEach((at, offset) -> committed.put(at, offset.offset()));
        return committed;
    }

    static void produce(KafkaProducer<byte[], byte[]> source, String input, int from, int to) {
        for (int i = from; i < to; i++) {
            Cluster.send(source, input, i % PARTITIONS, "in-" + i);
        }
        source.flush();
    }

    /** Called in the middle of each transaction, with its records sent. */
    interface InTransaction {
        void call(KafkaProducer<byte[], byte[]> producer) throws Exception;
    }

    /** A group member with its own thread and its own transactional producer. */
    static final class Member extends Thread {
        private final Cluster cluster;
        private final Map<String, Object> config;
        private final String transactionalId;
        private final String input;
        private final String output;
        private final InTransaction inTransaction;
        private final AtomicReference<Throwable> failure = new AtomicReference<>();
        private volatile boolean stopping;
        volatile int done;
        volatile int assigned;

        Member(Cluster cluster, String groupProtocol, String name, String input, String output,
                InTransaction inTransaction) {
            super(name);
            setDaemon(true);
            this.cluster = cluster;
            this.transactionalId = name;
            this.input = input;
            this.output = output;
            this.inTransaction = inTransaction;
            config = new HashMap<>(Map.of(
                ConsumerConfig.GROUP_ID_CONFIG, cluster.named("group"),
                ConsumerConfig.GROUP_PROTOCOL_CONFIG, groupProtocol,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 20));
            if (groupProtocol.equals("classic")) {
                config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6000);
                config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 100);
            }
        }

        @Override
        public void run() {
            try (KafkaConsumer<byte[], byte[]> consumer = cluster.consumer(Isolation.COMMITTED, config)) {
                KafkaProducer<byte[], byte[]> producer = cluster.transactional(transactionalId);
                consumer.subscribe(List.of(input));
                while (!stopping) {
                    ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(50));
                    assigned = consumer.assignment().size();
                    if (!records.isEmpty()) {
                        done += oneTransaction(consumer, producer, records);
                    }
                }
            } catch (Throwable e) {
                failure.set(e);
            }
        }

        private int oneTransaction(KafkaConsumer<byte[], byte[]> consumer, KafkaProducer<byte[], byte[]> producer,
                ConsumerRecords<byte[], byte[]> records) throws Exception {
            producer.beginTransaction();
            Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
            for (ConsumerRecord<byte[], byte[]> record : records) {
                String out = Rec.text(record.value()).replace("in-", "OUT-");
                producer.send(new ProducerRecord<>(output, record.partition(), null, Rec.bytes(out)));
                offsets.put(new TopicPartition(record.topic(), record.partition()),
                    new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), ""));
            }
            inTransaction.call(producer);
            try {
                producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
                producer.commitTransaction();
                return records.count();
            } catch (CommitFailedException e) {
                // The group moved on between the poll and the commit: the work is void and is read again.
                producer.abortTransaction();
                Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(consumer.assignment());
                for (TopicPartition at : consumer.assignment()) {
                    OffsetAndMetadata offset = committed.get(at);
                    consumer.seek(at, offset == null ? 0 : offset.offset());
                }
                return 0;
            }
        }

        /** Whether the member still works; its failure is thrown here. */
        boolean alive() {
            Throwable thrown = failure.get();
            if (thrown != null) {
                CheckFailed failed = new CheckFailed("member " + getName() + ": " + thrown);
                failed.initCause(thrown);
                throw failed;
            }
            return isAlive();
        }

        void finish() throws InterruptedException {
            stopping = true;
            join(10_000);
            Check.isTrue("member " + getName() + " ended", !isAlive());
            alive();
        }
    }

    private Pipeline() { }
}
