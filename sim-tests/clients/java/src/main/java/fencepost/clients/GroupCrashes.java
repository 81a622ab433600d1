package fencepost.clients;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;

/** The group coordinator crashes, returns and moves under members that join, leave, commit and process. */
final class GroupCrashes {
    private static final int RECORDS = 120;
    private static final int PARTITIONS = 6;

    /** It crashes in the middle of each member's transaction; the second joins while it is down. */
    static void midTransaction(Cluster cluster) throws Exception {
        String input = cluster.topic("input", Pipeline.PARTITIONS);
        String output = cluster.topic("output", Pipeline.PARTITIONS);
        KafkaProducer<byte[], byte[]> source = cluster.producer(Map.of());
        Pipeline.produce(source, input, 0, Pipeline.INPUTS / 2);
        CrashOnce firstCrash = new CrashOnce(cluster, input, output);
        CrashOnce secondCrash = new CrashOnce(cluster, input, output);
        Pipeline.Member first = new Pipeline.Member(cluster, "classic", "first", input, output, firstCrash);
        Pipeline.Member second = new Pipeline.Member(cluster, "classic", "second", input, output, secondCrash);

        first.start();
        Check.eventually("the first member works alone", true, () ->
            first.alive() && first.done >= Pipeline.INPUTS / 8);
        firstCrash.wanted = true;
        Check.eventually("a crash in its transaction", true, () -> first.alive() && firstCrash.done);
        second.start();
        Check.eventually("the second member shares the partitions", List.of(2, 2), () -> {
            Check.isTrue("both members live", first.alive() && second.alive());
            return List.of(first.assigned, second.assigned);
        });
        firstCrash.heal();
        secondCrash.wanted = true;
        Pipeline.produce(source, input, Pipeline.INPUTS / 2, Pipeline.INPUTS);
        Check.eventually("a crash in the second's transaction", true, () -> second.alive() && secondCrash.done);
        secondCrash.heal();
        Check.eventually("the outputs of all inputs", Pipeline.INPUTS, () -> {
            Check.isTrue("both members live", first.alive() && second.alive());
            return first.done + second.done;
        });
        first.finish();
        second.finish();
        Check.isTrue("both members did some (" + first.done + ", " + second.done + ")",
            first.done > 0 && second.done > 0);
        Pipeline.expectAll(cluster, input, output);
    }

    /** Crashes the group coordinator, and nothing else that the members use, when it is wanted and called. */
    private static final class CrashOnce implements Pipeline.InTransaction {
        private final Cluster cluster;
        private final List<String> topics;
        private volatile int victim;
        volatile boolean wanted;
        volatile boolean done;

        CrashOnce(Cluster cluster, String... topics) {
            this.cluster = cluster;
            this.topics = List.of(topics);
        }

        @Override
        public void call(KafkaProducer<byte[], byte[]> producer) throws Exception {
            if (!wanted || done) {
                return;
            }
            producer.flush();
            Control control = cluster.control();
            victim = control.coordinator(Control.Kind.GROUPS, cluster.named("group"));
            for (String topic : topics) {
                control.clearTopic(victim, topic);
            }
            for (String id : List.of("first", "second")) {
                control.clearTransactions(victim, cluster.named(id));
            }
            control.crash(victim);
            done = true;
        }

        void heal() throws Exception {
            cluster.control().restart(victim);
        }
    }

    /** Members without transactions: each record is processed, and no acknowledged position is lost. */
    static void rebalance(Cluster cluster, String groupProtocol) throws Exception {
        Control control = cluster.control();
        String group = cluster.named("group");
        String topic = cluster.topic("topic", PARTITIONS);
        KafkaProducer<byte[], byte[]> source = cluster.producer(Map.of());
        Ledger ledger = new Ledger();
        List<Worker> members = new ArrayList<>();

        produce(source, topic, 0, RECORDS / 4);
        join(members, new Worker(cluster, groupProtocol, topic, ledger), PARTITIONS);
        Check.eventually("the first member commits a position of each partition", PARTITIONS,
            () -> ledger.positions().size());
        join(members, new Worker(cluster, groupProtocol, topic, ledger), 3, 3);
        // A third member joins while the coordinator is gone.
        int victim = control.coordinator(Control.Kind.GROUPS, group);
        control.clearTopic(victim, topic);
        control.crash(victim);
        produce(source, topic, RECORDS / 4, RECORDS / 2);
        join(members, new Worker(cluster, groupProtocol, topic, ledger), 2, 2, 2);
        control.restart(victim);
        // The coordinator moves while the others learn that one has left.
        members.remove(0).finish();
        control.move(Control.Kind.GROUPS, group, victim);
        produce(source, topic, RECORDS / 2, 3 * RECORDS / 4);
        settle(members, 3, 3);
        // It crashes and is back at once, while nobody joins or leaves.
        victim = control.coordinator(Control.Kind.GROUPS, group);
        control.clearTopic(victim, topic);
        control.crash(victim);
        control.restart(victim);
        produce(source, topic, 3 * RECORDS / 4, RECORDS);
        Map<Integer, Long> ends = new TreeMap<>();
        TreeSet<String> records = new TreeSet<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            ends.put(partition, (long) RECORDS / PARTITIONS);
            for (int offset = 0; offset < RECORDS / PARTITIONS; offset++) {
                records.add(partition + "/" + offset);
            }
        }
        Check.eventually("all positions are committed", ends, () -> {
            for (Worker member : members) {
                member.check();
            }
            return ledger.positions();
        });
        for (Worker member : members) {
            member.finish();
        }
        ledger.check();
        Check.equal("records processed", records, ledger.processed);
        Map<Integer, Long> committed = new TreeMap<>();
        cluster.admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get(10, TimeUnit.SECONDS)
            .forEach((at, offset) -> committed.put(at.partition(), offset.offset()));
        Check.equal("committed offsets", ends, committed);
    }

    private static void produce(KafkaProducer<byte[], byte[]> source, String topic, int from, int to) {
        for (int i = from; i < to; i++) {
            Cluster.send(source, topic, i % PARTITIONS, "in-" + i);
        }
        source.flush();
    }

    private static void join(List<Worker> members, Worker member, Integer... shares) throws Exception {
        members.add(member);
        member.start();
        settle(members, shares);
    }

    private static void settle(List<Worker> members, Integer... shares) throws Exception {
        Check.eventually("what each member has", List.of(shares), () -> {
            for (Worker member : members) {
                member.check();
            }
            return members.stream().map(member -> member.assigned).toList();
        });
    }

    /** What all members did, and the promise that no record before an acknowledged position comes again. */
    private static final class Ledger {
        final TreeSet<String> processed = new TreeSet<>();
        private final Map<Integer, Long> committed = new TreeMap<>();
        private String broken;

        synchronized void process(ConsumerRecord<byte[], byte[]> record) {
            processed.add(record.partition() + "/" + record.offset());
            long acknowledged = committed.getOrDefault(record.partition(), 0L);
            if (record.offset() < acknowledged && broken == null) {
                broken = "partition " + record.partition() + " is committed to " + acknowledged + ", "
                    + record.offset() + " came again";
            }
        }

        synchronized void commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
            offsets.forEach((at, offset) -> committed.merge(at.partition(), offset.offset(), Math::max));
        }

        synchronized Map<Integer, Long> positions() {
            return new TreeMap<>(committed);
        }

        synchronized void check() {
            if (broken != null) {
                throw new CheckFailed("a position is lost: " + broken);
            }
        }
    }

    /** A group member that commits what it has processed after every poll. */
    private static final class Worker extends Thread {
        private final Cluster cluster;
        private final Map<String, Object> config;
        private final String topic;
        private final Ledger ledger;
        private volatile Throwable failure;
        private volatile boolean stopping;
        volatile int assigned;

        Worker(Cluster cluster, String groupProtocol, String topic, Ledger ledger) {
            setDaemon(true);
            this.cluster = cluster;
            this.topic = topic;
            this.ledger = ledger;
            config = new HashMap<>(Map.of(
                ConsumerConfig.GROUP_ID_CONFIG, cluster.named("group"),
                ConsumerConfig.GROUP_PROTOCOL_CONFIG, groupProtocol,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5));
            if (groupProtocol.equals("classic")) {
                // A coordinator that moves in the middle of a rebalance loads the generation before it, and with it
                // members that have left since: they go when their sessions end.
                config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 1000);
                config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 100);
            }
        }

        @Override
        public void run() {
            try (KafkaConsumer<byte[], byte[]> consumer = cluster.consumer(Isolation.COMMITTED, config)) {
                consumer.subscribe(List.of(topic));
                Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>();
                while (!stopping || !done.isEmpty()) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(20))) {
                        ledger.process(record);
                        done.put(new TopicPartition(record.topic(), record.partition()),
                            new OffsetAndMetadata(record.offset() + 1));
                    }
                    assigned = consumer.assignment().size();
                    // What another member has now, it reads again from the last acknowledged position.
                    done.keySet().retainAll(consumer.assignment());
                    if (!done.isEmpty() && commit(consumer, done)) {
                        done.clear();
                    }
                }
            } catch (Throwable e) {
                failure = e;
            }
        }

        /** Whether the offsets were acknowledged. In a rebalance they are not, and the next pass tries again. */
        private boolean commit(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, OffsetAndMetadata> offsets) {
            try {
                consumer.commitSync(offsets);
            } catch (CommitFailedException | RebalanceInProgressException e) {
                return false;
            }
            ledger.commit(offsets);
            return true;
        }

        void check() {
            if (failure != null) {
                CheckFailed failed = new CheckFailed("a member: " + failure);
                failed.initCause(failure);
                throw failed;
            }
            ledger.check();
        }

        void finish() throws InterruptedException {
            stopping = true;
            join(10_000);
            Check.isTrue("the member ended", !isAlive());
            check();
        }
    }

    private GroupCrashes() { }
}
