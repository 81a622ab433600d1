package fencepost.records;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.MessageFormatter;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecordSerde;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordSerde;
import org.apache.kafka.coordinator.group.generated.CoordinatorRecordJsonConverters;
import org.apache.kafka.coordinator.transaction.TransactionCoordinatorRecordSerde;
import org.apache.kafka.tools.consumer.CoordinatorRecordMessageFormatter;
import org.apache.kafka.tools.consumer.TransactionLogMessageFormatter;

/** Reads an internal topic as any client can, and shows its records by Kafka's formatters. */
final class InternalTopics {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private final String bootstrap;

    InternalTopics(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    void print(PrintStream out) throws Exception {
        print(out, "__transaction_state", new TransactionCoordinatorRecordSerde(), new TransactionLogMessageFormatter());
        print(out, "__consumer_offsets", new GroupCoordinatorRecordSerde(), new AnyGroupRecord());
    }

    private void print(PrintStream out, String topic, CoordinatorRecordSerde serde, MessageFormatter formatter)
            throws Exception {
        TopicPartition partition = new TopicPartition(topic, 0);
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_uncommitted");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long stop = System.nanoTime() + BOUND.toNanos();
            while (consumer.position(partition) < end) {
                if (System.nanoTime() > stop) {
                    throw new IllegalStateException(topic + " cannot be read to offset " + end + " within " + BOUND);
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    checkBytes(serde, record);
                    ByteArrayOutputStream line = new ByteArrayOutputStream();
                    try (PrintStream print = new PrintStream(line, true, StandardCharsets.UTF_8)) {
                        formatter.writeTo(record, print);
                    }
                    out.println(topic + "\t" + line.toString(StandardCharsets.UTF_8).strip());
                }
            }
        }
    }

    /** What Kafka reads from the bytes it would write as the same bytes. */
    private static void checkBytes(CoordinatorRecordSerde serde, ConsumerRecord<byte[], byte[]> record) {
        CoordinatorRecord read = serde.deserialize(ByteBuffer.wrap(record.key()),
            record.value() == null ? null : ByteBuffer.wrap(record.value()));
        check("key", record, record.key(), serde.serializeKey(read));
        check("value", record, record.value(), serde.serializeValue(read));
    }

    private static void check(String what, ConsumerRecord<byte[], byte[]> record, byte[] found, byte[] written) {
        if (!Arrays.equals(found, written)) {
            throw new IllegalStateException(what + " of the record at offset " + record.offset() + " of " + record.topic()
                + ": " + hex(found) + ", and Kafka writes " + hex(written));
        }
    }

    private static String hex(byte[] bytes) {
        return bytes == null ? "nothing" : java.util.HexFormat.of().formatHex(bytes);
    }

    /** Kafka's formatters show some types of record each; this one shows them all. */
    private static final class AnyGroupRecord extends CoordinatorRecordMessageFormatter {
        AnyGroupRecord() {
            super(new GroupCoordinatorRecordSerde());
        }

        @Override
        protected boolean isRecordTypeAllowed(short recordType) {
            return true;
        }

        @Override
        protected JsonNode keyAsJson(ApiMessage message) {
            return CoordinatorRecordJsonConverters.writeRecordKeyAsJson(message);
        }

        @Override
        protected JsonNode valueAsJson(ApiMessage message, short version) {
            return CoordinatorRecordJsonConverters.writeRecordValueAsJson(message, version);
        }
    }
}
