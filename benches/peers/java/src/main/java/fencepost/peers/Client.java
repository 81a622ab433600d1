package fencepost.peers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The Apache Java client, with its default settings but one:
 * {@code SERVERS records SIZE COUNT} sends records with an idempotent producer;
 * {@code SERVERS transactions PRODUCERS RECORDS SECONDS} commits transactions, each producer to its own partition.
 * Prints how many a second, and how many there were with those that are not measured.
 */
public final class Client {
    private static final String TOPIC = "bench";
    /** Not measured: the connections are made and the code is compiled. */
    private static final long WARM_UP_NANOS = 2_000_000_000L;

    private record Count(double eachSecond, int all) {
    }

    public static void main(String[] arguments) {
        try {
            Count count = measure(arguments);
            System.out.printf("%.1f %d%n", count.eachSecond, count.all);
        } catch (Exception failure) {
            failure.printStackTrace();
            // Producers that go on do not keep the process alive.
            System.exit(1);
        }
    }

    private static Count measure(String[] arguments) throws Exception {
        String servers = arguments[0];
        return switch (arguments[1]) {
            case "records" -> records(servers, Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
            case "transactions" -> transactions(servers, Integer.parseInt(arguments[2]),
                Integer.parseInt(arguments[3]), Integer.parseInt(arguments[4]));
            default -> throw new IllegalArgumentException(arguments[1]);
        };
    }

    private static Count records(String servers, int size, int count) throws Exception {
        try (var producer = producer(Map.of("bootstrap.servers", servers, "enable.idempotence", true))) {
            var value = new byte[size];
            send(producer, 0, value, count / 2);
            long start = System.nanoTime();
            send(producer, 0, value, count);
            return new Count(count * 1e9 / (System.nanoTime() - start), count + count / 2);
        }
    }

    private static Count transactions(String servers, int producers, int records, int seconds) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(producers);
        List<KafkaProducer<byte[], byte[]>> connected = new ArrayList<>();
        for (int index = 0; index < producers; index++) {
            var producer = producer(Map.of("bootstrap.servers", servers, "transactional.id", "bench-" + index));
            producer.initTransactions();
            connected.add(producer);
        }
        long begin = System.nanoTime() + WARM_UP_NANOS;
        long end = begin + seconds * 1_000_000_000L;
        var all = new AtomicInteger();
        List<Future<Integer>> counts = new ArrayList<>();
        for (int index = 0; index < producers; index++) {
            var producer = connected.get(index);
            int partition = index;
            counts.add(threads.submit(() -> {
                var value = new byte[100];
                int committed = 0;
                while (System.nanoTime() < end) {
                    producer.beginTransaction();
                    for (int record = 0; record < records; record++) {
                        producer.send(new ProducerRecord<>(TOPIC, partition, null, value));
                    }
                    producer.commitTransaction();
                    all.incrementAndGet();
                    long now = System.nanoTime();
                    if (begin <= now && now < end) {
                        committed++;
                    }
                }
                return committed;
            }));
        }
        int committed = 0;
        for (var count : counts) {
            committed += count.get();
        }
        threads.shutdown();
        connected.forEach(KafkaProducer::close);
        return new Count(committed / (double) seconds, all.get());
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, int partition, byte[] value, int count) {
        var failure = new AtomicReference<Exception>();
        for (int record = 0; record < count; record++) {
            producer.send(new ProducerRecord<>(TOPIC, partition, null, value), (metadata, exception) -> {
                if (exception != null) {
                    failure.set(exception);
                }
            });
            if (failure.get() != null) {
                break;
            }
        }
        producer.flush();
        if (failure.get() != null) {
            throw new IllegalStateException(failure.get());
        }
    }

    private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> its) {
        var settings = new HashMap<>(its);
        // A cluster that the client cannot use is found out soon.
        settings.put("max.block.ms", 10_000);
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private Client() {
    }
}
