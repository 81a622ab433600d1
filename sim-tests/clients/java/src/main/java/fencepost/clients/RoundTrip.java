package fencepost.clients;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;

/** Everything that a record can carry comes back as it was sent, under one codec. */
final class RoundTrip {
    private static final int RECORDS = 200;
    private static final int PARTITIONS = 3;
    /** Of today, so that retention leaves the records alone. */
    private static final long FIRST_TIMESTAMP = System.currentTimeMillis() - 60_000;

    static void run(Cluster cluster, String codec) throws Exception {
        String topic = cluster.topic("topic", PARTITIONS);
        List<Rec> sent = new ArrayList<>();
        for (int i = 0; i < RECORDS; i++) {
            sent.add(new Rec(topic, i % PARTITIONS, key(i), value(i), FIRST_TIMESTAMP + 1000L * i, headers(i)));
        }
        KafkaProducer<byte[], byte[]> producer = cluster.producer(Map.of(
            ProducerConfig.COMPRESSION_TYPE_CONFIG, codec, ProducerConfig.LINGER_MS_CONFIG, 50));
        for (Rec record : sent) {
            producer.send(record.toProducerRecord());
        }
        producer.flush();
        double rate = (double) producer.metrics().entrySet().stream()
            .filter(metric -> metric.getKey().name().equals("compression-rate-avg")
                && metric.getKey().group().equals("producer-metrics"))
            .findFirst().orElseThrow().getValue().metricValue();
        Check.isTrue("compression rate " + rate + " fits " + codec, (codec.equals("none")) == (rate >= 1.0));

        List<Rec> got = new ArrayList<>(cluster.readAll(Isolation.COMMITTED, topic).stream().map(Rec::of).toList());
        // The sort is stable: the order within a partition stays the log's.
        got.sort(Comparator.comparingInt(Rec::partition));
        sent.sort(Comparator.comparingInt(Rec::partition));
        Check.sameList("record", sent, got);
    }

    private static String key(int i) {
        return i % 7 == 0 ? null : i % 17 == 0 ? "" : "key-" + i;
    }

    private static String value(int i) {
        return i % 11 == 0 ? "" : i % 13 == 0 ? null : "value-" + i + "-" + "fence post ".repeat(20);
    }

    private static List<String> headers(int i) {
        return switch (i % 4) {
            case 0 -> List.of();
            case 1 -> List.of("trace=" + i);
            case 2 -> List.of("twice=a", "other=" + i, "twice=b");
            default -> List.of("none=null", "empty=");
        };
    }

    private RoundTrip() { }
}
