package fencepost.clients;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Large transactions and many producers. */
final class Volume {
    private static final int LARGE = 100_000;
    private static final int PRODUCERS = 50;
    private static final int RECORDS_EACH = 5;

    /** One transaction of 100,000 records of 100 bytes. */
    static void oneLargeTransaction(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        KafkaProducer<byte[], byte[]> producer = cluster.transactional("producer", Map.of(
            ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10, ProducerConfig.LINGER_MS_CONFIG, 10));
        producer.beginTransaction();
        for (int i = 0; i < LARGE; i++) {
            producer.send(new ProducerRecord<>(topic, 0, null, Rec.bytes(hundredBytes(i))));
        }
        producer.commitTransaction();
        List<ConsumerRecord<byte[], byte[]>> got = cluster.readAll(Isolation.COMMITTED, topic);
        Check.equal("records", LARGE, got.size());
        for (int i = 0; i < LARGE; i++) {
            Check.equal("value at offset " + got.get(i).offset(), hundredBytes(i), Rec.text(got.get(i).value()));
        }
    }

    private static String hundredBytes(int i) {
        return String.format("%0100d", i);
    }

    /** Fifty producers at once, each with a committed, an aborted and a committed transaction. */
    static void fiftyProducers(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 3);
        ExecutorService threads = Executors.newFixedThreadPool(PRODUCERS, task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int p = 0; p < PRODUCERS; p++) {
                int number = p;
                running.add(threads.submit(() -> threeTransactions(cluster, topic, number)));
            }
            for (Future<?> future : running) {
                future.get(50, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        List<String> expected = new ArrayList<>();
        for (int p = 0; p < PRODUCERS; p++) {
            for (int i = 0; i < RECORDS_EACH; i++) {
                expected.add(value(p, 0, i));
                expected.add(value(p, 2, i));
            }
        }
        expected.sort(null);
        Check.sameList("read_committed", expected,
            cluster.values(Isolation.COMMITTED, topic).stream().sorted().toList());
    }

    private static void threeTransactions(Cluster cluster, String topic, int number) {
        KafkaProducer<byte[], byte[]> producer = cluster.transactional("producer-" + number,
            Map.of(ProducerConfig.BUFFER_MEMORY_CONFIG, 1 << 20));
        for (int transaction = 0; transaction < 3; transaction++) {
            producer.beginTransaction();
            for (int i = 0; i < RECORDS_EACH; i++) {
                Cluster.send(producer, topic, i % 3, value(number, transaction, i));
            }
            producer.flush();
            if (transaction == 1) {
                producer.abortTransaction();
            } else {
                producer.commitTransaction();
            }
        }
        producer.close(Duration.ofSeconds(5));
    }

    private static String value(int producer, int transaction, int i) {
        return producer + "/" + transaction + "/" + i;
    }

    private Volume() { }
}
