import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The Apache Java client, told what to do line by line: {@code NUMBER STAGE SERVERS WHO VERB ...}; answers
 * {@code NUMBER WHAT-IT-WAS-TOLD}. The calls of one client of a stage are made in their order by a thread of their
 * own. A time that a call names is librdkafka's: here {@code max-block} of the producer is the time of its calls.
 */
public final class Scripts {
    private static final int SECONDS = 15;
    private static final Map<String, String> NAMES = Map.of(
        "request-timeout", "request.timeout.ms", "transaction-timeout", "transaction.timeout.ms",
        "delivery-timeout", "delivery.timeout.ms", "refresh", "metadata.max.age.ms", "max-block", "max.block.ms",
        "id", "transactional.id");

    /** So long that a batch holds one record: the client reserves a little more than it needs. */
    private static final List<Header> PADDING = List.of(new RecordHeader("padding", new byte[32]));

    private final String servers;
    private final String name;
    private final Map<String, Future<RecordMetadata>> sent = new LinkedHashMap<>();
    private KafkaProducer<String, String> producer;

    private Scripts(String servers, String name) {
        this.servers = servers;
        this.name = name;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, Scripts> clients = new HashMap<>();
        Map<String, ExecutorService> threads = new HashMap<>();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            List<String> words = Arrays.asList(line.split(" "));
            String number = words.get(0);
            String stage = words.get(1) + " ";
            if (words.get(4).equals("end")) {
                answer(number, "ok");
                for (String key : List.copyOf(clients.keySet())) {
                    if (key.startsWith(stage)) {
                        Scripts client = clients.remove(key);
                        ExecutorService thread = threads.remove(key);
                        thread.execute(client::close);
                        thread.shutdown();
                    }
                }
                continue;
            }
            String key = stage + words.get(3);
            Scripts client = clients.computeIfAbsent(key, any -> new Scripts(words.get(2), words.get(3)));
            threads.computeIfAbsent(key, any -> Executors.newSingleThreadExecutor(Scripts::daemon))
                .execute(() -> answer(number, client.made(words.get(4), words.subList(5, words.size()))));
        }
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        return thread;
    }

    private static synchronized void answer(String number, String told) {
        System.out.println(number + " " + told);
        System.out.flush();
    }

    private String made(String verb, List<String> words) {
        try {
            return call(verb, words);
        } catch (KafkaException | IllegalStateException e) {
            return told(e);
        } catch (Exception e) {
            return ("the program failed: " + e).replace('\n', ' ');
        }
    }

    private String call(String verb, List<String> words) throws Exception {
        switch (verb) {
            case "new" -> make(words);
            case "init" -> producer.initTransactions();
            case "begin" -> producer.beginTransaction();
            case "send" -> send("orders", words);
            case "send-more" -> send("more", words);
            case "flush" -> {
                return flush();
            }
            case "offsets" -> {
                try (KafkaConsumer<String, String> member = consumer()) {
                    producer.sendOffsetsToTransaction(
                        Map.of(new TopicPartition("source", 0), new OffsetAndMetadata(Long.parseLong(words.get(0)))),
                        member.groupMetadata());
                }
            }
            case "commit" -> producer.commitTransaction();
            case "abort" -> producer.abortTransaction();
            case "in-flight" -> {
                return inFlight(Double.parseDouble(words.get(0)));
            }
            case "metadata" -> producer.partitionsFor("orders");
            case "orders", "more" -> {
                return read(verb);
            }
            case "offset" -> {
                return offset(words);
            }
            default -> throw new IllegalArgumentException("no such verb: " + verb);
        }
        return "ok";
    }

    /** The exception's name, its cause's if it has no name of its own, and whether it says that one may try again. */
    private static String told(Throwable error) {
        String told = error.getClass().getSimpleName();
        if (error.getClass() == KafkaException.class && error.getCause() != null) {
            told += "(" + error.getCause().getClass().getSimpleName() + ")";
        }
        return error instanceof RetriableException ? told + " retriable" : told;
    }

    private void make(List<String> words) {
        Map<String, Object> config = base();
        config.put("client.id", name);
        config.put("linger.ms", 0);
        config.put("batch.size", 0);
        config.put("max.block.ms", SECONDS * 1000);
        config.put("delivery.timeout.ms", SECONDS * 1000);
        config.put("request.timeout.ms", SECONDS * 1000);
        if (!words.contains("idempotent")) {
            config.put("transactional.id", name);
            config.put("transaction.timeout.ms", 60_000);
        }
        for (String word : words) {
            String[] setting = word.split("=");
            if (NAMES.containsKey(setting[0])) {
                config.put(NAMES.get(setting[0]), setting[1]);
            }
        }
        close();
        producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private Map<String, Object> base() {
        return new HashMap<>(Map.of(
            "bootstrap.servers", servers, "retry.backoff.ms", 10, "retry.backoff.max.ms", 50,
            "reconnect.backoff.ms", 10, "reconnect.backoff.max.ms", 50));
    }

    private void send(String topic, List<String> values) {
        for (String value : values) {
            sent.put(value, producer.send(new ProducerRecord<>(topic, 0, (String) null, value, PADDING)));
        }
    }

    /** What was refused. */
    private String flush() throws InterruptedException {
        producer.flush();
        List<String> refused = new ArrayList<>();
        for (Map.Entry<String, Future<RecordMetadata>> one : sent.entrySet()) {
            try {
                one.getValue().get();
            } catch (ExecutionException e) {
                refused.add(one.getKey() + ":" + told(e.getCause()).replace(" retriable", ""));
            }
        }
        sent.clear();
        if (!refused.isEmpty()) {
            // The futures are completed before the producer knows that its transaction has failed, by the same thread
            // that asks for metadata: it knows when this has been answered, for a topic that it did not ask for yet.
            producer.partitionsFor("source");
        }
        Collections.sort(refused);
        return refused.isEmpty() ? "ok" : String.join(" ", refused);
    }

    /** Waits until so many requests have no answer. */
    private String inFlight(double number) {
        Metric metric = producer.metrics().values().stream()
            .filter(one -> one.metricName().name().equals("requests-in-flight")).findFirst().orElseThrow();
        long deadline = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
        while ((double) metric.metricValue() < number) {
            if (System.nanoTime() > deadline) {
                return metric.metricValue() + " in flight";
            }
            Thread.onSpinWait();
        }
        return "ok";
    }

    private KafkaConsumer<String, String> consumer() {
        Map<String, Object> config = base();
        config.put("client.id", "reader");
        config.put("group.id", "g");
        config.put("isolation.level", "read_committed");
        config.put("enable.auto.commit", false);
        config.put("auto.offset.reset", "none");
        config.put("fetch.max.wait.ms", 10);
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    private String read(String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        List<String> values = new ArrayList<>();
        long deadline = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
        try (KafkaConsumer<String, String> consumer = consumer()) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, 0);
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            while (consumer.position(partition) < end) {
                if (System.nanoTime() > deadline) {
                    return "no end of " + values;
                }
                for (ConsumerRecord<String, String> one : consumer.poll(Duration.ofMillis(100))) {
                    values.add(one.value());
                }
            }
        }
        return values.isEmpty() ? "nothing" : String.join(" ", values);
    }

    private String offset(List<String> words) {
        TopicPartition partition = new TopicPartition("source", 0);
        Duration time = Duration.ofMillis(words.isEmpty() ? SECONDS * 1000 : Long.parseLong(words.get(0)));
        try (KafkaConsumer<String, String> consumer = consumer()) {
            OffsetAndMetadata at = consumer.committed(Set.of(partition), time).get(partition);
            return at == null ? "none" : Long.toString(at.offset());
        }
    }

    private void close() {
        if (producer != null) {
            producer.close(Duration.ZERO);
        }
    }
}
