package fencepost.clients;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * What the producer decides by itself; {@code exchanges} reads from the server's trace what it sent. A producer is
 * known there by its client id, which is the name it has here.
 */
final class ProducerDecisions {
    static final int RECORDS = 300;

    /** Transactions without work, and one with offsets whose commit does not wait for its records. */
    static void order(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 3);
        KafkaProducer<byte[], byte[]> producer = start(cluster, "order",
            Map.of(ProducerConfig.BATCH_SIZE_CONFIG, 1, ProducerConfig.LINGER_MS_CONFIG, 0));
        producer.initTransactions();
        producer.beginTransaction();
        producer.commitTransaction();
        producer.beginTransaction();
        producer.abortTransaction();
        producer.beginTransaction();
        List<List<String>> expected = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < RECORDS; i++) {
            Cluster.send(producer, topic, i % 3, "value-" + i);
            expected.get(i % 3).add("value-" + i);
        }
        producer.sendOffsetsToTransaction(offsets(topic), group(cluster.named("group")));
        producer.commitTransaction();
        List<List<String>> got = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        cluster.readAll(Isolation.COMMITTED, topic)
            .forEach(record -> got.get(record.partition()).add(Rec.text(record.value())));
        Check.equal("the records", expected, got);
    }

    /** The only replica's broker is down, so that a batch expires within the producer; the producer goes on. */
    static void expired(Cluster cluster) throws Exception {
        String topic = unreplicated(cluster, "topic");
        Control control = cluster.control();
        KafkaProducer<byte[], byte[]> producer = start(cluster, "expired", Map.of(
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 1000, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 500,
            ProducerConfig.LINGER_MS_CONFIG, 0));
        producer.initTransactions();
        producer.beginTransaction();
        Cluster.send(producer, topic, 0, "before");
        producer.commitTransaction();
        cluster.awaitMarkers(topic);
        int victim = control.leaders(topic).get(0);
        control.clearTransactions(victim, cluster.named("expired"));
        producer.beginTransaction();
        control.crash(victim);
        Check.raises("a send that expires", TimeoutException.class, () -> sent(producer, topic, "lost"));
        awaitDecision(producer, topic);
        control.restart(victim);
        producer.abortTransaction();
        producer.beginTransaction();
        Cluster.send(producer, topic, 0, "after");
        producer.commitTransaction();
        Check.sameList("all records", List.of("before", "after"), cluster.values(Isolation.UNCOMMITTED, topic));
    }

    /** Calls that come back after max.block.ms while the coordinator cannot write, and are called again. */
    static void maxBlock(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        Map<String, Object> impatient = Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, 1000);
        ConsumerGroupMetadata group = group(cluster.named("group"));
        KafkaProducer<byte[], byte[]> committing = open(cluster, "block-commit", impatient, topic);
        KafkaProducer<byte[], byte[]> aborting = open(cluster, "block-abort", impatient, topic);
        KafkaProducer<byte[], byte[]> sending = open(cluster, "block-offsets", impatient, topic);
        KafkaProducer<byte[], byte[]> starting = start(cluster, "block-init", impatient);
        List<Integer> down = alone(cluster, topic,
            "block-commit", "block-abort", "block-offsets", "block-init");
        timesOut("the commit", committing::commitTransaction);
        refused("an abort", committing::abortTransaction);
        refused("a begin", committing::beginTransaction);
        timesOut("the commit, again", committing::commitTransaction);
        timesOut("the abort", aborting::abortTransaction);
        refused("a commit", aborting::commitTransaction);
        timesOut("the offsets", () -> sending.sendOffsetsToTransaction(offsets(topic), group));
        timesOut("the commit with offsets", sending::commitTransaction);
        timesOut("the start", starting::initTransactions);
        refused("a begin", starting::beginTransaction);
        restart(cluster, down);
        committing.commitTransaction();
        aborting.abortTransaction();
        sending.commitTransaction();
        starting.initTransactions();
        Check.sameList("read_committed", List.of("block-commit", "block-offsets"),
            cluster.values(Isolation.COMMITTED, topic));
        Check.equal("the group's offset", 1L, cluster.admin().listConsumerGroupOffsets(cluster.named("group"))
            .partitionsToOffsetAndMetadata().get(10, TimeUnit.SECONDS).get(new TopicPartition(topic, 0)).offset());
    }

    /** What an abort drops, what a close aborts, and a start that waits for another's transaction. */
    static void abort(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 2);
        KafkaProducer<byte[], byte[]> unsent = start(cluster, "abort-unsent",
            Map.of(ProducerConfig.LINGER_MS_CONFIG, 5_000));
        unsent.initTransactions();
        unsent.beginTransaction();
        Cluster.send(unsent, topic, 0, "dropped");
        unsent.abortTransaction();
        unsent.beginTransaction();
        Cluster.send(unsent, topic, 0, "kept");
        unsent.commitTransaction();

        open(cluster, "abort-close", Map.of(), topic).close(Duration.ofSeconds(10));
        cluster.awaitMarkers(topic);
        open(cluster, "abort-close-at-once", Map.of(), topic).close(Duration.ZERO);
        start(cluster, "abort-successor", "abort-close-at-once", Map.of()).initTransactions();
        Check.sameList("read_committed", List.of("kept"), cluster.values(Isolation.COMMITTED, topic));
        Check.sameList("read_uncommitted", List.of("kept", "abort-close", "abort-close-at-once"),
            cluster.values(Isolation.UNCOMMITTED, topic));

        // The coordinator takes no partition, so that no record of the transaction can be sent.
        String unheard = cluster.topic("unheard", 2);
        KafkaProducer<byte[], byte[]> producer = start(cluster, "abort-new", Map.of(
            ProducerConfig.MAX_BLOCK_MS_CONFIG, 1000, ProducerConfig.LINGER_MS_CONFIG, 0));
        producer.initTransactions();
        // So that the client knows both leaders.
        producer.partitionsFor(unheard);
        List<Integer> down = alone(cluster, unheard, "abort-new");
        producer.beginTransaction();
        Cluster.send(producer, unheard, 0, "new-0");
        awaitRequests(producer, 3);
        Cluster.send(producer, unheard, 1, "new-1");
        timesOut("the abort", producer::abortTransaction);
        restart(cluster, down);
        producer.abortTransaction();
        producer.beginTransaction();
        Cluster.send(producer, unheard, 0, "after");
        producer.commitTransaction();
        Check.sameList("read_committed of the other topic", List.of("after"),
            cluster.values(Isolation.COMMITTED, unheard));

        // The markers of the first producer's transaction cannot be written while the only replica is down.
        String stuck = unreplicated(cluster, "stuck");
        open(cluster, "abort-stuck", Map.of(), stuck);
        int victim = cluster.control().leaders(stuck).get(0);
        cluster.control().clearTransactions(victim, cluster.named("abort-stuck"));
        cluster.control().crash(victim);
        KafkaProducer<byte[], byte[]> next = start(cluster, "abort-waiting", "abort-stuck",
            Map.of(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 100));
        FutureTask<Void> starting = new FutureTask<>(next::initTransactions, null);
        new Thread(starting, "starting").start();
        awaitRequests(next, 8);
        cluster.control().restart(victim);
        starting.get(20, TimeUnit.SECONDS);
    }

    /** Brokers that are the only ones left of their cluster: every log that wants two replicas refuses records. */
    static List<Integer> alone(Cluster cluster, String topic, String... producers) throws Exception {
        Control control = cluster.control();
        int left = control.leaders(topic).get(0);
        for (int partition = 0; partition < control.leaders(topic).size(); partition++) {
            control.elect(topic, partition, left);
        }
        for (String producer : producers) {
            control.move(Control.Kind.TRANSACTIONS, cluster.named(producer), left);
        }
        List<Integer> down = new ArrayList<>();
        for (int other = control.other(left); down.size() < 2; other = control.other(left)) {
            control.crash(other);
            down.add(other);
            if (down.size() == 2) {
                break;
            }
        }
        return down;
    }

    static void restart(Cluster cluster, List<Integer> brokers) throws Exception {
        for (int broker : brokers) {
            cluster.control().restart(broker);
        }
    }

    /** A topic that has one replica, and so none when its broker is down. */
    static String unreplicated(Cluster cluster, String suffix) throws Exception {
        String topic = cluster.named(suffix);
        cluster.admin().createTopics(List.of(new NewTopic(topic, Optional.of(1), Optional.of((short) 1))))
            .all().get(10, TimeUnit.SECONDS);
        return topic;
    }

    /** A producer that is not initialised; its client id and transactional id have the same name. */
    static KafkaProducer<byte[], byte[]> start(Cluster cluster, String name, Map<String, Object> extra) {
        return start(cluster, name, name, extra);
    }

    static KafkaProducer<byte[], byte[]> start(
            Cluster cluster, String name, String transactionalId, Map<String, Object> extra) {
        Map<String, Object> config = new HashMap<>(extra);
        config.put(ProducerConfig.CLIENT_ID_CONFIG, name);
        config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, cluster.named(transactionalId));
        return cluster.producer(config);
    }

    /** A producer with an open transaction that has one record, its own name. */
    static KafkaProducer<byte[], byte[]> open(
            Cluster cluster, String name, Map<String, Object> extra, String topic) {
        KafkaProducer<byte[], byte[]> producer = start(cluster, name, extra);
        producer.initTransactions();
        producer.beginTransaction();
        Cluster.send(producer, topic, 0, name);
        producer.flush();
        return producer;
    }

    /** The producer tells of a failed record before it has decided what follows for the transaction. */
    static void awaitDecision(KafkaProducer<byte[], byte[]> producer, String topic) throws Exception {
        Check.eventually("the transaction can only be aborted", KafkaException.class,
            () -> producer.send(new ProducerRecord<>(topic, 0, null, Rec.bytes("undecided"))));
    }

    /** Sends one record, and waits for what becomes of it. */
    static Object sent(KafkaProducer<byte[], byte[]> producer, String topic, String value) throws Exception {
        return producer.send(new ProducerRecord<>(topic, 0, null, Rec.bytes(value))).get(20, TimeUnit.SECONDS);
    }

    /** A group of which the producer is no member. */
    static ConsumerGroupMetadata group(String group) {
        return member(group, -1, "", Optional.empty());
    }

    /** A member that need not be one: without a consumer nobody says otherwise but the broker. */
    @SuppressWarnings("removal")
    static ConsumerGroupMetadata member(String group, int generation, String member, Optional<String> instance) {
        return new ConsumerGroupMetadata(group, generation, member, instance);
    }

    static Map<TopicPartition, OffsetAndMetadata> offsets(String topic) {
        return Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1));
    }

    /** Waits until the client has sent so many more requests. */
    static void awaitRequests(KafkaProducer<byte[], byte[]> producer, int more) throws Exception {
        double already = requests(producer);
        Check.eventually("more requests", true, () -> requests(producer) >= already + more);
    }

    private static double requests(KafkaProducer<byte[], byte[]> producer) {
        return producer.metrics().entrySet().stream()
            .filter(it -> it.getKey().name().equals("request-total") && it.getKey().group().equals("producer-metrics"))
            .mapToDouble(it -> (Double) it.getValue().metricValue()).sum();
    }

    static void timesOut(String what, Runnable call) {
        raises(what, TimeoutException.class, call);
    }

    static void refused(String what, Runnable call) {
        raises(what, IllegalStateException.class, call);
    }

    static <T extends Throwable> void raises(String what, Class<T> expected, Runnable call) {
        Check.raises(what, expected, () -> {
            call.run();
            return null;
        });
    }

    private ProducerDecisions() { }
}
