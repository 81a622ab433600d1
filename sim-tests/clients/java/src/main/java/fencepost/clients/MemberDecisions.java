package fencepost.clients;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

/** What a member of a KIP-848 group decides by itself; {@code exchanges} reads from the trace what it sent. */
final class MemberDecisions {
    /** First argument of the child process that is a member, and is stopped. */
    static final String CHILD = "--child-that-is-a-member";

    /** A process that stands still for longer than its session lost its partitions, and joins anew. */
    static void stopped(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        KafkaProducer<byte[], byte[]> source = cluster.producer(Map.of());
        Cluster.send(source, topic, 0, "first");
        Process child = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
            "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", System.getProperty("java.class.path"),
            Main.class.getName(), CHILD, cluster.bootstrap(), cluster.named("group"), topic)
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            BlockingQueue<String> said = new LinkedBlockingQueue<>();
            Thread reader = new Thread(() -> new BufferedReader(
                new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8)).lines().forEach(said::add));
            reader.setDaemon(true);
            reader.start();
            hear(said, "assigned 1", "read first");
            signal(child, "STOP");
            Check.eventually("the member's session is over", 0, () -> cluster.admin()
                .describeConsumerGroups(List.of(cluster.named("group"))).all().get(10, TimeUnit.SECONDS)
                .get(cluster.named("group")).members().size());
            signal(child, "CONT");
            hear(said, "lost 1", "assigned 1");
            // Not before: the client also reads, and commits without a member, until a heartbeat tells it of its loss.
            Cluster.send(source, topic, 0, "second");
            source.flush();
            // From the offset that it had committed.
            hear(said, "read second", "closed");
            Check.isTrue("the child ends", child.waitFor(10, TimeUnit.SECONDS));
        } finally {
            child.destroyForcibly();
        }
    }

    private static void signal(Process process, String signal) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
        Check.equal("kill -" + signal, 0, kill.waitFor());
    }

    private static void hear(BlockingQueue<String> said, String... expected) throws InterruptedException {
        List<String> got = new ArrayList<>();
        for (String word = ""; word != null && got.size() < expected.length; ) {
            word = said.poll(20, TimeUnit.SECONDS);
            got.add(String.valueOf(word));
        }
        Check.sameList("the child's words", List.of(expected), got);
    }

    /** The child's whole life: it says what happens to it, commits what it reads, and leaves after the second record. */
    static void child(String[] args) throws Exception {
        try (Cluster cluster = new Cluster(args[1], "", 0, null);
             KafkaConsumer<byte[], byte[]> member = member(cluster, "stopped", args[2], Map.of())) {
            member.subscribe(List.of(args[3]), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> partitions) { }

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                    System.out.println("assigned " + partitions.size());
                }

                @Override
                public void onPartitionsLost(Collection<TopicPartition> partitions) {
                    System.out.println("lost " + partitions.size());
                }
            });
            String last = "";
            while (!last.equals("second")) {
                for (ConsumerRecord<byte[], byte[]> record : member.poll(Duration.ofMillis(100))) {
                    last = Rec.text(record.value());
                    member.commitSync();
                    System.out.println("read " + last);
                }
            }
        }
        System.out.println("closed");
    }

    /** A static member leaves, comes back, and goes on through a crash and a move of its coordinator. */
    static void coordinators(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        String group = cluster.named("group");
        Control control = cluster.control();
        KafkaProducer<byte[], byte[]> source = cluster.producer(Map.of());
        Cluster.send(source, topic, 0, "first");
        try (KafkaConsumer<byte[], byte[]> member =
                 member(cluster, "static", group, Map.of(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "instance"))) {
            member.subscribe(List.of(topic));
            read(member, "first");
        }
        try (KafkaConsumer<byte[], byte[]> member =
                 member(cluster, "static", group, Map.of(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "instance"))) {
            member.subscribe(List.of(topic));
            Cluster.send(source, topic, 0, "second");
            read(member, "second");
            control.move(Control.Kind.GROUPS, group, control.other(control.coordinator(Control.Kind.GROUPS, group)));
            Cluster.send(source, topic, 0, "third");
            read(member, "third");
            int victim = control.coordinator(Control.Kind.GROUPS, group);
            control.clearTopic(victim, topic);
            control.crash(victim);
            Cluster.send(source, topic, 0, "fourth");
            read(member, "fourth");
            control.restart(victim);
        }
        Map<TopicPartition, OffsetAndMetadata> committed = cluster.admin().listConsumerGroupOffsets(group)
            .partitionsToOffsetAndMetadata().get(10, TimeUnit.SECONDS);
        Check.equal("committed", 4L, committed.get(new TopicPartition(topic, 0)).offset());
    }

    /** Reads up to one record, which must be the only one, and commits. */
    private static void read(KafkaConsumer<byte[], byte[]> member, String expected) throws InterruptedException {
        List<String> got = new ArrayList<>();
        Check.eventually("the record " + expected, List.of(expected), () -> {
            member.poll(Duration.ofMillis(50)).forEach(record -> got.add(Rec.text(record.value())));
            return got;
        });
        member.commitSync(Duration.ofSeconds(15));
    }

    private static KafkaConsumer<byte[], byte[]> member(
            Cluster cluster, String name, String group, Map<String, Object> extra) {
        Map<String, Object> config = new HashMap<>(extra);
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, name);
        config.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        config.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
        return cluster.consumer(Isolation.COMMITTED, config);
    }

    private MemberDecisions() { }
}
