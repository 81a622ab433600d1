package fencepost.clients;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;

/** Producers that come too late: replaced, killed, or past their transaction's time. */
final class Fencing {
    /** First argument of the child process that opens a transaction and waits to be killed. */
    static final String CHILD = "--child-with-open-transaction";

    /** A successor aborts the open transaction; the zombie learns it by its commit, or by its next send. */
    static void zombieFenced(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);

        KafkaProducer<byte[], byte[]> zombie = cluster.transactional("by-commit");
        zombie.beginTransaction();
        Cluster.send(zombie, topic, 0, "zombie-1");
        zombie.flush();
        KafkaProducer<byte[], byte[]> successor = cluster.transactional("by-commit");
        successor.beginTransaction();
        Cluster.send(successor, topic, 0, "successor-1");
        // EndTxn with a stale epoch is PRODUCER_FENCED, which is fatal.
        raises("the zombie's commit", ProducerFencedException.class, zombie::commitTransaction);
        raises("the zombie's next call", ProducerFencedException.class, zombie::beginTransaction);
        successor.commitTransaction();

        KafkaProducer<byte[], byte[]> second = cluster.transactional("by-send");
        second.beginTransaction();
        Cluster.send(second, topic, 0, "zombie-2");
        second.flush();
        KafkaProducer<byte[], byte[]> replacement = cluster.transactional("by-send");
        // Produce with a stale epoch is INVALID_PRODUCER_EPOCH: the transaction can only be aborted ...
        Check.raises("the zombie's send", InvalidProducerEpochException.class,
            () -> second.send(new ProducerRecord<>(topic, 0, null, Rec.bytes("zombie-3"))).get(10, TimeUnit.SECONDS));
        // ... and the abort tells the whole truth.
        raises("the zombie's abort", ProducerFencedException.class, second::abortTransaction);
        replacement.beginTransaction();
        Cluster.send(replacement, topic, 0, "successor-2");
        replacement.commitTransaction();

        Check.sameList("read_committed", List.of("successor-1", "successor-2"),
            cluster.values(Isolation.COMMITTED, topic));
        Check.sameList("read_uncommitted", List.of("zombie-1", "successor-1", "zombie-2", "successor-2"),
            cluster.values(Isolation.UNCOMMITTED, topic));
    }

    /** A process killed inside a transaction neither shows its records nor holds back its successor's. */
    static void killedMidTransaction(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        Process child = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
            "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", System.getProperty("java.class.path"),
            Main.class.getName(), CHILD, cluster.bootstrap(), cluster.named("producer"), topic)
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            BufferedReader out = new BufferedReader(
                new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
            Check.equal("the child's word", "flushed", CompletableFuture.supplyAsync(() -> {
                try {
                    return out.readLine();
                } catch (java.io.IOException e) {
                    return e.toString();
                }
            }).get(30, TimeUnit.SECONDS));
        } finally {
            child.destroyForcibly();
        }
        Check.isTrue("the child is dead", child.waitFor(5, TimeUnit.SECONDS));

        Check.sameList("read_committed while open", List.of(), cluster.readWhileOpen(Isolation.COMMITTED, topic));
        KafkaProducer<byte[], byte[]> successor = cluster.transactional("producer");
        successor.beginTransaction();
        Cluster.send(successor, topic, 0, "successor-1", "successor-2");
        successor.commitTransaction();
        Check.sameList("read_committed", List.of("successor-1", "successor-2"),
            cluster.values(Isolation.COMMITTED, topic));
        Check.sameList("read_uncommitted", List.of("child-1", "child-2", "successor-1", "successor-2"),
            cluster.values(Isolation.UNCOMMITTED, topic));
    }

    /** The child's whole life: a transaction with two flushed records, then it waits for SIGKILL. */
    static void child(String[] args) throws Exception {
        try (Cluster cluster = new Cluster(args[1], "", 0, null);
             KafkaProducer<byte[], byte[]> producer =
                 cluster.producer(Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, args[2]))) {
            producer.initTransactions();
            producer.beginTransaction();
            Cluster.send(producer, args[3], 0, "child-1", "child-2");
            producer.flush();
            System.out.println("flushed");
            Thread.sleep(60_000);
        }
    }

    /** The coordinator aborts transactions that took too long; three late producers find out by three calls. */
    static void transactionTimeout(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 3);
        List<KafkaProducer<byte[], byte[]>> late = new ArrayList<>();
        for (int partition = 0; partition < 3; partition++) {
            KafkaProducer<byte[], byte[]> producer = cluster.transactional("late-" + partition,
                Map.of(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 1000));
            producer.beginTransaction();
            Cluster.send(producer, topic, partition, "late-" + partition);
            producer.flush();
            late.add(producer);
        }
        KafkaProducer<byte[], byte[]> other = cluster.transactional("other");
        other.beginTransaction();
        for (int partition = 0; partition < 3; partition++) {
            Cluster.send(other, topic, partition, "other-" + partition);
        }
        other.commitTransaction();
        awaitAborts(cluster, topic);

        if (cluster.transactionVersion() < 2) {
            fencedForGood(topic, late);
        } else {
            recovered(topic, late);
        }
        KafkaProducer<byte[], byte[]> successor = cluster.transactional("late-0");
        successor.beginTransaction();
        Cluster.send(successor, topic, 0, "successor");
        successor.commitTransaction();
        List<String> expected = cluster.transactionVersion() < 2
            ? List.of("other-0", "other-1", "other-2", "successor")
            : List.of("other-0", "other-1", "other-2", "recovered-1", "recovered-2", "successor");
        Check.sameList("read_committed, after", expected,
            cluster.values(Isolation.COMMITTED, topic).stream().sorted().toList());
    }

    /** In each partition: the late record, the other's record, its marker, and at last the abort's marker. */
    private static void awaitAborts(Cluster cluster, String topic) {
        List<TopicPartition> partitions = List.of(
            new TopicPartition(topic, 0), new TopicPartition(topic, 1), new TopicPartition(topic, 2));
        Map<TopicPartition, Long> aborted = new HashMap<>();
        partitions.forEach(at -> aborted.put(at, 4L));
        try (KafkaConsumer<byte[], byte[]> consumer = cluster.consumer(Isolation.COMMITTED, Map.of())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            List<String> got = Cluster.readTo(consumer, aborted).stream()
                .map(record -> Rec.text(record.value())).sorted().toList();
            Check.sameList("read_committed", List.of("other-0", "other-1", "other-2"), got);
        }
    }

    /** The abort's new epoch is another producer's: EndTxn with the old one is PRODUCER_FENCED. */
    private static void fencedForGood(String topic, List<KafkaProducer<byte[], byte[]>> late) {
        raises("the late commit", ProducerFencedException.class, late.get(0)::commitTransaction);
        raises("the late abort", ProducerFencedException.class, late.get(1)::abortTransaction);
        lateSend(topic, late.get(2));
        raises("the abort after the late send", ProducerFencedException.class, late.get(2)::abortTransaction);
    }

    /**
     * The abort counts as one that the producer had asked for (KIP-890): a commit is INVALID_TXN_STATE, which is
     * fatal; an abort is answered as done, with the new epoch, and the producer goes on.
     */
    private static void recovered(String topic, List<KafkaProducer<byte[], byte[]>> late) {
        raises("the late commit", InvalidTxnStateException.class, late.get(0)::commitTransaction);
        late.get(1).abortTransaction();
        lateSend(topic, late.get(2));
        late.get(2).abortTransaction();
        for (int partition = 1; partition < 3; partition++) {
            late.get(partition).beginTransaction();
            Cluster.send(late.get(partition), topic, partition, "recovered-" + partition);
            late.get(partition).commitTransaction();
        }
    }

    private static void lateSend(String topic, KafkaProducer<byte[], byte[]> late) {
        Check.raises("the late send", InvalidProducerEpochException.class,
            () -> late.send(new ProducerRecord<>(topic, 2, null, Rec.bytes("too late"))).get(10, TimeUnit.SECONDS));
    }

    private static <T extends Throwable> void raises(String what, Class<T> expected, Runnable call) {
        Check.raises(what, expected, () -> {
            call.run();
            return null;
        });
    }

    private Fencing() { }
}
