package fencepost.clients;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The cluster as one scenario sees it: clients with short waits, closed when the scenario ends. */
final class Cluster implements AutoCloseable {
    private final String bootstrap;
    private final String name;
    private final Deque<Runnable> closers = new ArrayDeque<>();
    private final Control control;
    private int transactionVersion;
    private Admin admin;

    /** {@code transactionVersion} is what the cluster must have finalised; 0 takes whatever it has. */
    Cluster(String bootstrap, String name, int transactionVersion, Control control) {
        this.bootstrap = bootstrap;
        this.name = name;
        this.transactionVersion = transactionVersion;
        this.control = control;
    }

    /** What crashes and moves brokers, for the scenarios that need it. */
    Control control() {
        return control;
    }

    String bootstrap() {
        return bootstrap;
    }

    /** A topic, group or transactional id of this scenario alone. */
    String named(String suffix) {
        return name + "-" + suffix;
    }

    int transactionVersion() throws Exception {
        int finalized = finalizedTransactionVersion();
        if (transactionVersion == 0) {
            transactionVersion = finalized;
        }
        Check.equal("finalised transaction.version", transactionVersion, finalized);
        return transactionVersion;
    }

    private int finalizedTransactionVersion() throws Exception {
        FinalizedVersionRange range = admin().describeFeatures().featureMetadata().get(10, TimeUnit.SECONDS)
            .finalizedFeatures().get("transaction.version");
        return range == null ? 0 : range.maxVersionLevel();
    }

    synchronized Admin admin() {
        if (admin == null) {
            admin = Admin.create(base());
            closers.push(() -> admin.close(Duration.ZERO));
        }
        return admin;
    }

    /** Creates a topic with the cluster's default replication and waits until it has leaders. */
    String topic(String suffix, int partitions) throws Exception {
        String topic = named(suffix);
        admin().createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty())))
            .all().get(10, TimeUnit.SECONDS);
        Check.eventually("partitions of " + topic, partitions, () -> admin().describeTopics(List.of(topic))
            .allTopicNames().get(10, TimeUnit.SECONDS).get(topic).partitions().size());
        return topic;
    }

    KafkaProducer<byte[], byte[]> producer(Map<String, Object> extra) {
        Map<String, Object> config = base();
        config.put(ProducerConfig.LINGER_MS_CONFIG, 2);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 20_000);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 20_000);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
        config.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 20);
        config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 16 << 20);
        config.putAll(extra);
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        synchronized (this) {
            closers.push(() -> producer.close(Duration.ZERO));
        }
        return producer;
    }

    /** A transactional producer that has been initialised. */
    KafkaProducer<byte[], byte[]> transactional(String suffix) {
        return transactional(suffix, Map.of());
    }

    KafkaProducer<byte[], byte[]> transactional(String suffix, Map<String, Object> extra) {
        Map<String, Object> config = new HashMap<>(extra);
        config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, named(suffix));
        KafkaProducer<byte[], byte[]> producer = producer(config);
        producer.initTransactions();
        return producer;
    }

    KafkaConsumer<byte[], byte[]> consumer(Isolation isolation, Map<String, Object> extra) {
        Map<String, Object> config = base();
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation.config);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 50);
        config.putAll(extra);
        KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        synchronized (this) {
            closers.push(consumer::wakeup);
        }
        return consumer;
    }

    private Map<String, Object> base() {
        Map<String, Object> config = new HashMap<>();
        config.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        config.put(CommonClientConfigs.RECONNECT_BACKOFF_MS_CONFIG, 20);
        config.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 100);
        return config;
    }

    /**
     * Every record of the topics that this isolation level shows, from the beginning to the end, once no
     * transaction is open: a commit is answered before its markers are written.
     */
    List<ConsumerRecord<byte[], byte[]>> readAll(Isolation isolation, String... topics) throws Exception {
        try (KafkaConsumer<byte[], byte[]> committed = consumer(Isolation.COMMITTED, Map.of());
             KafkaConsumer<byte[], byte[]> uncommitted = consumer(Isolation.UNCOMMITTED, Map.of())) {
            List<TopicPartition> partitions = partitions(committed, topics);
            awaitMarkers(committed, uncommitted, partitions);
            return read(isolation == Isolation.COMMITTED ? committed : uncommitted, partitions);
        }
    }

    /** Waits until no transaction is open in these topics. */
    void awaitMarkers(String... topics) throws Exception {
        try (KafkaConsumer<byte[], byte[]> committed = consumer(Isolation.COMMITTED, Map.of());
             KafkaConsumer<byte[], byte[]> uncommitted = consumer(Isolation.UNCOMMITTED, Map.of())) {
            awaitMarkers(committed, uncommitted, partitions(committed, topics));
        }
    }

    private static void awaitMarkers(KafkaConsumer<byte[], byte[]> committed,
            KafkaConsumer<byte[], byte[]> uncommitted, List<TopicPartition> partitions) throws Exception {
        Check.eventually("no open transaction in " + partitions, true, () ->
            committed.endOffsets(partitions).equals(uncommitted.endOffsets(partitions)));
    }

    /** As {@link #readAll}, but now, up to the last stable offset, whatever is open. */
    List<ConsumerRecord<byte[], byte[]>> readWhileOpen(Isolation isolation, String... topics) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(isolation, Map.of())) {
            return read(consumer, partitions(consumer, topics));
        }
    }

    private static List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer, String... topics) {
        return Arrays.stream(topics).flatMap(topic -> consumer.partitionsFor(topic).stream())
            .map(info -> new TopicPartition(info.topic(), info.partition())).toList();
    }

    private static List<ConsumerRecord<byte[], byte[]>> read(
            KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return readTo(consumer, consumer.endOffsets(partitions));
    }

    /** Polls until the consumer's position has reached these offsets, past any control batch. */
    static List<ConsumerRecord<byte[], byte[]>> readTo(
            KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            if (System.nanoTime() > deadline) {
                throw new CheckFailed("reading stopped at " + positions(consumer, ends.keySet()) + ", ends " + ends);
            }
            consumer.poll(Duration.ofMillis(100)).forEach(records::add);
        }
        Check.equal("position at the end", new TreeMap<>(byName(ends)),
            byName(positions(consumer, ends.keySet())));
        return records;
    }

    private static Map<TopicPartition, Long> positions(
            KafkaConsumer<byte[], byte[]> consumer, Collection<TopicPartition> partitions) {
        Map<TopicPartition, Long> positions = new HashMap<>();
        partitions.forEach(partition -> positions.put(partition, consumer.position(partition)));
        return positions;
    }

    private static Map<String, Long> byName(Map<TopicPartition, Long> offsets) {
        Map<String, Long> named = new TreeMap<>();
        offsets.forEach((partition, offset) -> named.put(partition.toString(), offset));
        return named;
    }

    /** The values of {@link #readAll}, in offset order within a partition. */
    List<String> values(Isolation isolation, String... topics) throws Exception {
        return readAll(isolation, topics).stream().map(record -> Rec.text(record.value())).toList();
    }

    static void send(KafkaProducer<byte[], byte[]> producer, String topic, int partition, String... values) {
        for (String value : values) {
            producer.send(new ProducerRecord<>(topic, partition, null, Rec.bytes(value)));
        }
    }

    @Override
    public synchronized void close() {
        while (!closers.isEmpty()) {
            try {
                closers.pop().run();
            } catch (RuntimeException e) {
                System.err.println("closing: " + e);
            }
        }
    }
}
