package fencepost.clients;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;

/** What the producer makes of the codes that brokers give for real; see {@link ProducerDecisions}. */
final class ProducerCodes {
    /** Producers that were replaced find out by each of their requests. */
    static void fenced(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 2);
        for (String how : List.of("end", "offsets", "send")) {
            KafkaProducer<byte[], byte[]> zombie =
                ProducerDecisions.open(cluster, "fenced-" + how, Map.of(), topic);
            ProducerDecisions.start(cluster, "fencing-" + how, "fenced-" + how, Map.of()).initTransactions();
            switch (how) {
                case "end" -> fenced("the commit", zombie::commitTransaction);
                case "offsets" -> fencedByOffsets(cluster, zombie, topic);
                default -> {
                    ProducerRecord<byte[], byte[]> late = new ProducerRecord<>(topic, 1, null, Rec.bytes("late"));
                    if (cluster.transactionVersion() < 2) {
                        // The partition is new, so the coordinator is asked first.
                        Check.raises("the send", ProducerFencedException.class, () -> zombie.send(late).get());
                    } else {
                        Check.raises("the send", InvalidProducerEpochException.class, () -> zombie.send(late).get());
                        fenced("the abort", zombie::abortTransaction);
                    }
                }
            }
            fenced("what comes next", zombie::beginTransaction);
        }
        Check.sameList("read_committed", List.of(), cluster.values(Isolation.COMMITTED, topic));
    }

    private static void fencedByOffsets(Cluster cluster, KafkaProducer<byte[], byte[]> zombie, String topic) {
        fenced("the offsets", () -> zombie.sendOffsetsToTransaction(
            ProducerDecisions.offsets(topic), ProducerDecisions.group(cluster.named("group"))));
    }

    private static void fenced(String what, Runnable call) {
        ProducerDecisions.raises(what, ProducerFencedException.class, call);
    }

    /** At level 2 a transaction that its coordinator aborted cannot be committed, which is fatal. */
    static void timedOut(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        KafkaProducer<byte[], byte[]> late = ProducerDecisions.open(cluster, "late",
            Map.of(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 500), topic);
        cluster.awaitMarkers(topic);
        if (cluster.transactionVersion() < 2) {
            fenced("the commit", late::commitTransaction);
            fenced("what comes next", late::beginTransaction);
        } else {
            ProducerDecisions.raises("the commit", InvalidTxnStateException.class, late::commitTransaction);
            ProducerDecisions.raises("what comes next", KafkaException.class, late::abortTransaction);
        }
    }

    /** Offsets of a member that the group does not have, of another generation, and of another instance. */
    static void members(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        try (KafkaConsumer<byte[], byte[]> member = cluster.consumer(Isolation.COMMITTED, Map.of(
            ConsumerConfig.GROUP_ID_CONFIG, cluster.named("group"),
            ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "instance"))) {
            member.subscribe(List.of(topic));
            Check.eventually("an assignment", 1, () -> {
                member.poll(Duration.ofMillis(50));
                return member.assignment().size();
            });
            ConsumerGroupMetadata real = member.groupMetadata();
            String group = real.groupId();
            KafkaProducer<byte[], byte[]> producer =
                ProducerDecisions.open(cluster, "members", Map.of(), topic);
            abortable(producer, topic, CommitFailedException.class,
                ProducerDecisions.member(group, real.generationId(), "nobody", Optional.empty()));
            abortable(producer, topic, CommitFailedException.class,
                ProducerDecisions.member(group, real.generationId() + 1, real.memberId(), Optional.of("instance")));
            abortable(producer, topic, FencedInstanceIdException.class,
                ProducerDecisions.member(group, real.generationId(), "nobody", Optional.of("instance")));
            producer.sendOffsetsToTransaction(ProducerDecisions.offsets(topic), real);
            producer.commitTransaction();
        }
    }

    /** The offsets are refused, and the transaction after the abort goes on. */
    private static <T extends Throwable> void abortable(KafkaProducer<byte[], byte[]> producer, String topic,
            Class<T> expected, ConsumerGroupMetadata member) {
        ProducerDecisions.raises("offsets of " + member, expected,
            () -> producer.sendOffsetsToTransaction(ProducerDecisions.offsets(topic), member));
        producer.abortTransaction();
        producer.beginTransaction();
    }

    /** Coordinators that move, before each of the requests. */
    static void moved(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", 1);
        Control control = cluster.control();
        String id = cluster.named("moved");
        String group = cluster.named("group");
        KafkaProducer<byte[], byte[]> producer = ProducerDecisions.open(cluster, "moved", Map.of(), topic);
        producer.sendOffsetsToTransaction(ProducerDecisions.offsets(topic), ProducerDecisions.group(group));
        producer.commitTransaction();
        for (int round = 0; round < 2; round++) {
            if (cluster.transactionVersion() < 2) {
                moveCoordinator(control, id);
            }
            producer.beginTransaction();
            if (round == 0) {
                Cluster.send(producer, topic, 0, "round-" + round);
                producer.flush();
            }
            control.move(Control.Kind.GROUPS, group, control.other(control.coordinator(Control.Kind.GROUPS, group)));
            producer.sendOffsetsToTransaction(ProducerDecisions.offsets(topic), ProducerDecisions.group(group));
            moveCoordinator(control, id);
            producer.commitTransaction();
        }
        Check.sameList("read_committed", List.of("moved", "round-0"), cluster.values(Isolation.COMMITTED, topic));
    }

    private static void moveCoordinator(Control control, String id) throws Exception {
        int now = control.coordinator(Control.Kind.TRANSACTIONS, id);
        control.move(Control.Kind.TRANSACTIONS, id, control.other(now));
    }

    /** A leader that moved, replicas that are missing, and a topic that is gone. */
    static void produce(Cluster cluster) throws Exception {
        Control control = cluster.control();
        String topic = cluster.topic("topic", 1);
        KafkaProducer<byte[], byte[]> moved = ProducerDecisions.open(cluster, "produce-moved", Map.of(), topic);
        control.elect(topic, 0, control.other(control.leaders(topic).get(0)));
        ProducerDecisions.sent(moved, topic, "at the next leader");
        moved.commitTransaction();
        Check.sameList("read_committed", List.of("produce-moved", "at the next leader"),
            cluster.values(Isolation.COMMITTED, topic));

        String safe = cluster.named("safe");
        cluster.admin().createTopics(List.of(new NewTopic(safe, Optional.of(1), Optional.empty())
            .configs(Map.of("min.insync.replicas", "2")))).all().get(10, TimeUnit.SECONDS);
        KafkaProducer<byte[], byte[]> waiting = ProducerDecisions.open(cluster, "produce-waiting", Map.of(), safe);
        List<Integer> down = ProducerDecisions.alone(cluster, safe, "produce-waiting");
        Future<RecordMetadata> sent = waiting.send(new ProducerRecord<>(safe, 0, null, Rec.bytes("waited")));
        ProducerDecisions.awaitRequests(waiting, 3);
        Check.equal("it is acknowledged", false, sent.isDone());
        ProducerDecisions.restart(cluster, down);
        sent.get(20, TimeUnit.SECONDS);
        waiting.commitTransaction();
        Check.sameList("read_committed", List.of("produce-waiting", "waited"),
            cluster.values(Isolation.COMMITTED, safe));

        String gone = cluster.topic("gone", 1);
        KafkaProducer<byte[], byte[]> deleted = ProducerDecisions.open(cluster, "produce-gone", Map.of(
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 1000, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 500,
            ProducerConfig.LINGER_MS_CONFIG, 0), gone);
        cluster.admin().deleteTopics(List.of(gone)).all().get(10, TimeUnit.SECONDS);
        Check.raises("a send to a topic that is gone", TimeoutException.class,
            () -> ProducerDecisions.sent(deleted, gone, "lost"));
        ProducerDecisions.awaitDecision(deleted, topic);
        deleted.abortTransaction();
        deleted.beginTransaction();
        ProducerDecisions.sent(deleted, topic, "elsewhere");
        deleted.commitTransaction();

        // A new log under the old name: at level 2 only sequence 0 may begin it.
        String again = cluster.topic("again", 1);
        KafkaProducer<byte[], byte[]> surprised =
            ProducerDecisions.open(cluster, "produce-again", Map.of(), again);
        cluster.admin().deleteTopics(List.of(again)).all().get(10, TimeUnit.SECONDS);
        cluster.topic("again", 1);
        if (cluster.transactionVersion() < 2) {
            ProducerDecisions.sent(surprised, again, "a new log");
        } else {
            Check.raises("a send to the new log", OutOfOrderSequenceException.class,
                () -> ProducerDecisions.sent(surprised, again, "refused"));
            ProducerDecisions.awaitDecision(surprised, again);
        }
        surprised.abortTransaction();
        surprised.beginTransaction();
        ProducerDecisions.sent(surprised, again, "from the start");
        surprised.commitTransaction();
        Check.sameList("read_committed", List.of("from the start"), cluster.values(Isolation.COMMITTED, again));
    }

    private ProducerCodes() { }
}
