package fencepost.clients;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

/** What each isolation level shows of committed, aborted and open transactions. */
final class Visibility {
    /** Three transactions over three partitions of two topics; the middle one is aborted. */
    static void commitAndAbort(Cluster cluster) throws Exception {
        String two = cluster.topic("two", 2);
        String one = cluster.topic("one", 1);
        KafkaProducer<byte[], byte[]> producer = cluster.transactional("producer");
        for (String name : List.of("first", "aborted", "third")) {
            producer.beginTransaction();
            Cluster.send(producer, two, 0, name + "-a", name + "-b");
            Cluster.send(producer, two, 1, name + "-c", name + "-d");
            Cluster.send(producer, one, 0, name + "-e", name + "-f");
            if (name.equals("aborted")) {
                producer.flush();
                producer.abortTransaction();
            } else {
                producer.commitTransaction();
            }
        }
        String[] suffixes = {"a", "b", "c", "d", "e", "f"};
        TopicPartition[] partitions = {
            new TopicPartition(two, 0), new TopicPartition(two, 1), new TopicPartition(one, 0)};
        for (int p = 0; p < partitions.length; p++) {
            String x = suffixes[2 * p];
            String y = suffixes[2 * p + 1];
            // Two records and a marker for each transaction: the ninth offset is the end for both levels.
            expect(cluster, Isolation.COMMITTED, partitions[p], 9,
                List.of("0 first-" + x, "1 first-" + y, "6 third-" + x, "7 third-" + y));
            expect(cluster, Isolation.UNCOMMITTED, partitions[p], 9,
                List.of("0 first-" + x, "1 first-" + y, "3 aborted-" + x, "4 aborted-" + y,
                    "6 third-" + x, "7 third-" + y));
        }
    }

    /** Two producers alternate on the same partitions; one commits, one aborts, then the other way round. */
    static void interleavedProducers(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 2);
        KafkaProducer<byte[], byte[]> left = cluster.transactional("left");
        KafkaProducer<byte[], byte[]> right = cluster.transactional("right");
        for (int round = 0; round < 2; round++) {
            left.beginTransaction();
            right.beginTransaction();
            for (int turn = 0; turn < 3; turn++) {
                for (int partition = 0; partition < 2; partition++) {
                    Cluster.send(left, topic, partition, "left-" + round + turn);
                    left.flush();
                    Cluster.send(right, topic, partition, "right-" + round + turn);
                    right.flush();
                }
            }
            if (round == 0) {
                left.commitTransaction();
                right.abortTransaction();
            } else {
                right.commitTransaction();
                left.abortTransaction();
            }
            cluster.awaitMarkers(topic);
        }
        for (int partition = 0; partition < 2; partition++) {
            TopicPartition at = new TopicPartition(topic, partition);
            expect(cluster, Isolation.COMMITTED, at, 16,
                List.of("0 left-00", "2 left-01", "4 left-02", "9 right-10", "11 right-11", "13 right-12"));
            expect(cluster, Isolation.UNCOMMITTED, at, 16,
                List.of("0 left-00", "1 right-00", "2 left-01", "3 right-01", "4 left-02", "5 right-02",
                    "8 left-10", "9 right-10", "10 left-11", "11 right-11", "12 left-12", "13 right-12"));
        }
    }

    /** A committed transaction stays hidden behind an earlier open one. */
    static void openTransactionHoldsBack(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        TopicPartition at = new TopicPartition(topic, 0);
        KafkaProducer<byte[], byte[]> open = cluster.transactional("open");
        KafkaProducer<byte[], byte[]> later = cluster.transactional("later");
        later.beginTransaction();
        Cluster.send(later, topic, 0, "before");
        later.commitTransaction();
        cluster.awaitMarkers(topic);

        open.beginTransaction();
        Cluster.send(open, topic, 0, "open-1", "open-2");
        open.flush();
        later.beginTransaction();
        Cluster.send(later, topic, 0, "later-1", "later-2");
        later.commitTransaction();

        expect(cluster, Isolation.COMMITTED, at, 2, List.of("0 before"));
        expect(cluster, Isolation.UNCOMMITTED, at, 7,
            List.of("0 before", "2 open-1", "3 open-2", "4 later-1", "5 later-2"));
        Check.equal("latest, read_committed", 2L, latest(cluster, at, Isolation.COMMITTED));
        Check.equal("latest, read_uncommitted", 7L, latest(cluster, at, Isolation.UNCOMMITTED));
        try (KafkaConsumer<byte[], byte[]> consumer = cluster.consumer(Isolation.COMMITTED, Map.of())) {
            consumer.assign(List.of(at));
            consumer.seek(at, 2);
            Check.equal("records past the last stable offset", 0, consumer.poll(Duration.ofMillis(300)).count());

            open.commitTransaction();
            List<String> got = Cluster.readTo(consumer, Map.of(at, 8L)).stream().map(Visibility::line).toList();
            Check.sameList("after the commit", List.of("2 open-1", "3 open-2", "4 later-1", "5 later-2"), got);
        }
        Check.eventually("latest, read_committed, after", 8L, () -> latest(cluster, at, Isolation.COMMITTED));
    }

    private static long latest(Cluster cluster, TopicPartition at, Isolation isolation) throws Exception {
        return cluster.admin().listOffsets(Map.of(at, OffsetSpec.latest()), new ListOffsetsOptions(isolation.level))
            .partitionResult(at).get(10, TimeUnit.SECONDS).offset();
    }

    /** The partition's end for this isolation level, and each record before it with its offset. */
    private static void expect(Cluster cluster, Isolation isolation, TopicPartition at, long end, List<String> lines)
            throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = cluster.consumer(isolation, Map.of())) {
            consumer.assign(List.of(at));
            consumer.seekToBeginning(List.of(at));
            // The markers come a little after the commit's answer.
            Check.eventually("end of " + at + " " + isolation, Map.of(at, end), () -> consumer.endOffsets(List.of(at)));
            List<String> got = Cluster.readTo(consumer, Map.of(at, end)).stream().map(Visibility::line).toList();
            Check.sameList(isolation + " of " + at, lines, got);
        }
    }

    private static String line(ConsumerRecord<byte[], byte[]> record) {
        return record.offset() + " " + Rec.text(record.value());
    }

    private Visibility() { }
}
