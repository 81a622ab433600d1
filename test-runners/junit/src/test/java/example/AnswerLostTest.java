package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fencepost.junit.Cluster;
import fencepost.junit.Fault;
import fencepost.junit.FencepostExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** EndTxn takes effect, and its answer is lost: the client asks again, and there is one copy of the record. */
class AnswerLostTest {
    private static final String PLAN = """
        [[fault]]
        name = "answer lost"
        on = "EndTxn"
        client = "orders"
        when = "applied"
        do = "disconnect"
        """;
    private static final Duration WITHIN = Duration.ofSeconds(20);

    @RegisterExtension
    final FencepostExtension fencepost = new FencepostExtension().topic("orders", 1);

    @Test
    void aCommitWhoseAnswerIsLostIsMadeOnce() {
        Cluster cluster = fencepost.cluster();
        cluster.addFaults(PLAN);
        Map<String, Object> config = Map.of("bootstrap.servers", cluster.bootstrapServers(), "client.id", "orders",
            "transactional.id", "orders-1");
        try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            transaction(producer, "order 1"); // its EndTxn meets the fault, and is sent again
            Fault fault = cluster.hit("answer lost");
            assertTrue(fault.fired() == 1 && fault.matched() >= 2, fault::toString);
            transaction(producer, "order 2"); // the producer can go on
        }
        assertEquals(List.of("order 1", "order 2"), committed(cluster.bootstrapServers(), "order 2"));
    }

    private static void transaction(KafkaProducer<String, String> producer, String value) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("orders", value));
        producer.commitTransaction();
    }

    /** What read_committed shows, up to and with the value {@code until}. */
    private static List<String> committed(String servers, String until) {
        Map<String, Object> config = Map.of("bootstrap.servers", servers, "isolation.level", "read_committed",
            "auto.offset.reset", "earliest");
        List<String> values = new ArrayList<>();
        try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(new TopicPartition("orders", 0)));
            long deadline = System.nanoTime() + WITHIN.toNanos();
            while (!values.contains(until)) {
                assertTrue(System.nanoTime() < deadline, () -> "read " + values);
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
            }
        }
        return values;
    }
}
