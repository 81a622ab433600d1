package fencepost.clients;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** All that a client can see of a record, compared as a value. */
record Rec(String topic, int partition, String key, String value, long timestamp, List<String> headers) {
    static Rec of(ConsumerRecord<byte[], byte[]> record) {
        List<String> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(header.key() + "=" + text(header.value()));
        }
        return new Rec(record.topic(), record.partition(), text(record.key()), text(record.value()),
            record.timestamp(), headers);
    }

    ProducerRecord<byte[], byte[]> toProducerRecord() {
        List<Header> out = new ArrayList<>();
        for (String header : headers) {
            int split = header.indexOf('=');
            String value = header.substring(split + 1);
            out.add(new RecordHeader(header.substring(0, split), value.equals("null") ? null : bytes(value)));
        }
        return new ProducerRecord<>(topic, partition, timestamp, bytes(key), bytes(value), out);
    }

    static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }
}
