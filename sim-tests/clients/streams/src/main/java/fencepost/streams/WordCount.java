package fencepost.streams;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.Stores;

/**
 * Counts words with exactly_once_v2, stops, starts again without its state, and counts on: API-56 to API-61.
 * Every count must stand in the output exactly once.
 */
public final class WordCount {
    private static final int WORDS = 5;
    private static final int PARTITIONS = 2;

    private final String bootstrap;
    private final String application;
    private final String input;
    private final String output;
    private final Admin admin;

    private WordCount(String bootstrap, String prefix) {
        this.bootstrap = bootstrap;
        application = prefix + "-count";
        input = prefix + "-lines";
        output = prefix + "-counts";
        admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        long begun = System.nanoTime();
        String failure = null;
        try {
            new WordCount(options.get("--bootstrap"), options.getOrDefault("--prefix", "streams")).run();
        } catch (Throwable e) {
            failure = e.toString();
        }
        long millis = Duration.ofNanos(System.nanoTime() - begun).toMillis();
        System.out.println(failure == null ? "PASS word-count " + millis : "FAIL word-count " + millis + " " + failure);
        System.out.flush();
        Runtime.getRuntime().halt(failure == null ? 0 : 1);
    }

    private void run() throws Exception {
        admin.createTopics(List.of(new NewTopic(input, PARTITIONS, (short) 1), new NewTopic(output, 1, (short) 1)))
            .all().get();
        // API-56: it starts with no more than its input.
        KafkaStreams first = start();
        send(0, 200);
        List<String> expected = new ArrayList<>(counts(0, 200));
        equal("counts of the first run", expected, read(expected.size()));
        checkInternalTopics();
        // API-60: what was repartitioned and committed is purged, and nothing else.
        String repartition = application + "-by-word-repartition";
        eventually("the repartition topic is purged", true, () -> offset(repartition, OffsetSpec.earliest()) > 0);
        long end = offset(repartition, OffsetSpec.latest());
        isTrue("purged within the log", offset(repartition, OffsetSpec.earliest()) <= end);
        // API-61: the consumer leaves without a word.
        first.close(Duration.ofSeconds(20));

        // API-58: the store comes back from the changelog alone, past the markers of all transactions.
        KafkaStreams second = start();
        send(200, 300);
        expected.addAll(counts(200, 300));
        equal("counts of both runs", expected, read(expected.size()));
        second.close(Duration.ofSeconds(20));
        joinAndInitialise();
    }

    /** CONF-59: a member and a transactional producer whose settings are all at their defaults. */
    private void joinAndInitialise() {
        Map<String, Object> member = Map.of("bootstrap.servers", bootstrap, "group.id", application + "-defaults",
            "client.id", "defaults");
        try (var consumer = new KafkaConsumer<>(member, new StringDeserializer(), new LongDeserializer())) {
            consumer.subscribe(List.of(output));
            consumer.poll(Duration.ofSeconds(1));
        }
        Map<String, Object> transactional = Map.of("bootstrap.servers", bootstrap, "client.id", "defaults",
            "transactional.id", application + "-defaults");
        try (var producer = new KafkaProducer<>(transactional, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
        }
    }

    private KafkaStreams start() throws Exception {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(input, Consumed.with(Serdes.String(), Serdes.String()))
            .groupBy((key, word) -> word, Grouped.with("by-word", Serdes.String(), Serdes.String()))
            .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("counts"))
                .withKeySerde(Serdes.String()).withValueSerde(Serdes.Long()).withCachingDisabled())
            .toStream().to(output, Produced.with(Serdes.String(), Serdes.Long()));
        Path state = Files.createTempDirectory("fencepost-streams");
        Properties config = new Properties();
        config.putAll(Map.of(
            StreamsConfig.APPLICATION_ID_CONFIG, application,
            StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
            StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2,
            StreamsConfig.STATE_DIR_CONFIG, state.toString(),
            StreamsConfig.REPARTITION_PURGE_INTERVAL_MS_CONFIG, 100,
            StreamsConfig.consumerPrefix("session.timeout.ms"), 6000));
        KafkaStreams streams = new KafkaStreams(builder.build(), config);
        streams.start();
        return streams;
    }

    private void checkInternalTopics() throws Exception {
        String changelog = application + "-counts-changelog";
        String repartition = application + "-by-word-repartition";
        for (String topic : List.of(changelog, repartition)) {
            equal("partitions of " + topic, PARTITIONS,
                admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size());
        }
        equal("changelog", "compact", setting(changelog, "cleanup.policy"));
        equal("repartition", "delete", setting(repartition, "cleanup.policy"));
        equal("repartition", "-1", setting(repartition, "retention.ms"));
        equal("repartition", "52428800", setting(repartition, "segment.bytes"));
        equal("repartition", "CreateTime", setting(repartition, "message.timestamp.type"));
    }

    private String setting(String topic, String name) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        return config.get(name).value();
    }

    /** The sum over the partitions of a topic. */
    private long offset(String topic, OffsetSpec spec) throws Exception {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        IntStream.range(0, PARTITIONS).forEach(p -> asked.put(new TopicPartition(topic, p), spec));
        return admin.listOffsets(asked).all().get().values().stream().mapToLong(it -> it.offset()).sum();
    }

    private void send(int from, int to) {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap);
        try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            IntStream.range(from, to).forEach(
                i -> producer.send(new ProducerRecord<>(input, i % PARTITIONS, null, "word-" + i % WORDS)));
        }
    }

    /** What the output gains: each word with each of its counts. */
    private static List<String> counts(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "word-" + i % WORDS + "=" + (i / WORDS + 1)).sorted().toList();
    }

    /** The committed output, in the order of counts() for each run. */
    private List<String> read(int count) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new LongDeserializer())) {
            TopicPartition partition = new TopicPartition(output, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            List<String> got = new ArrayList<>();
            long deadline = System.nanoTime() + Duration.ofSeconds(40).toNanos();
            while (got.size() < count && System.nanoTime() < deadline) {
                for (ConsumerRecord<String, Long> record : consumer.poll(Duration.ofMillis(100))) {
                    got.add(record.key() + "=" + record.value());
                }
            }
            // A doubled record would come now.
            for (ConsumerRecord<String, Long> record : consumer.poll(Duration.ofMillis(500))) {
                got.add(record.key() + "=" + record.value());
            }
            int first = Math.min(200, got.size());
            List<String> sorted = new ArrayList<>(got.subList(0, first).stream().sorted().toList());
            sorted.addAll(got.subList(first, got.size()).stream().sorted().toList());
            return sorted;
        }
    }

    private static void eventually(String what, Object expected, Callable<?> question) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
        Object got = question.call();
        while (!Objects.equals(expected, got) && System.nanoTime() < deadline) {
            Thread.sleep(50);
            got = question.call();
        }
        equal(what, expected, got);
    }

    private static void isTrue(String what, boolean holds) {
        equal(what, true, holds);
    }

    private static void equal(String what, Object expected, Object got) {
        if (!Objects.equals(expected, got)) {
            throw new AssertionError(what + ": expected " + expected + ", got " + got);
        }
    }
}
