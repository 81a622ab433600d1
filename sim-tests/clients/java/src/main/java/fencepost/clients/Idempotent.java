package fencepost.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Ten thousand records of an idempotent producer, exactly once and in order. */
final class Idempotent {
    private static final int RECORDS = 10_000;

    static void run(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        KafkaProducer<byte[], byte[]> producer = cluster.producer(Map.of(
            ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true,
            // Small batches, so that five requests are in flight and sequences matter.
            ProducerConfig.BATCH_SIZE_CONFIG, 4096));
        List<Future<RecordMetadata>> acknowledged = new ArrayList<>();
        for (int i = 0; i < RECORDS; i++) {
            acknowledged.add(producer.send(new ProducerRecord<>(topic, 0, null, Rec.bytes("record-" + i))));
        }
        for (int i = 0; i < RECORDS; i++) {
            Check.equal("acknowledged offset", (long) i, acknowledged.get(i).get(20, TimeUnit.SECONDS).offset());
        }
        List<ConsumerRecord<byte[], byte[]>> got = cluster.readAll(Isolation.COMMITTED, topic);
        Check.equal("records", RECORDS, got.size());
        for (int i = 0; i < RECORDS; i++) {
            Check.equal("offset", (long) i, got.get(i).offset());
            Check.equal("value", "record-" + i, Rec.text(got.get(i).value()));
        }
    }

    private Idempotent() { }
}
