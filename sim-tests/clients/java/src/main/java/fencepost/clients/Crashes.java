package fencepost.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;

/** Brokers crash, return and hand over their coordinators while a transaction is open; the client just goes on. */
final class Crashes {
    private static final int PARTITIONS = 2;
    private static final int ROUNDS = 3;

    /** What happens to the cluster, again and again. */
    private abstract static class Trouble {
        final Control control;
        final String topic;
        final String transactionalId;
        int victim;

        Trouble(Cluster cluster, String topic) {
            this.control = cluster.control();
            this.topic = topic;
            this.transactionalId = cluster.named("producer");
        }

        abstract void prepare() throws Exception;

        Void strike() throws Exception {
            control.crash(victim);
            return null;
        }

        void heal() throws Exception {
            control.restart(victim);
        }
    }

    /** The broker that coordinates the transaction crashes. */
    static void coordinator(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", PARTITIONS);
        transactions(cluster, topic, new Trouble(cluster, topic) {
            @Override
            void prepare() throws Exception {
                victim = control.coordinator(Control.Kind.TRANSACTIONS, transactionalId);
                control.clearTopic(victim, topic);
            }
        });
    }

    /** The broker that leads the transaction's partitions crashes. */
    static void leader(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", PARTITIONS);
        transactions(cluster, topic, new Trouble(cluster, topic) {
            @Override
            void prepare() throws Exception {
                victim = control.leaders(topic).get(0);
                for (int partition = 0; partition < PARTITIONS; partition++) {
                    control.elect(topic, partition, victim);
                }
                control.clearTransactions(victim, transactionalId);
            }
        });
    }

    /** The coordinator moves to another broker, and back; nobody crashes. */
    static void movedCoordinator(Cluster cluster) throws Exception {
        String topic = cluster.topic("topic", PARTITIONS);
        transactions(cluster, topic, new Trouble(cluster, topic) {
            @Override
            void prepare() throws Exception {
                victim = control.coordinator(Control.Kind.TRANSACTIONS, transactionalId);
            }

            @Override
            Void strike() throws Exception {
                control.move(Control.Kind.TRANSACTIONS, transactionalId, control.other(victim));
                return null;
            }

            @Override
            void heal() throws Exception {
                control.move(Control.Kind.TRANSACTIONS, transactionalId, victim);
            }
        });
    }

    private static void transactions(Cluster cluster, String topic, Trouble trouble) throws Exception {
        KafkaProducer<byte[], byte[]> producer = cluster.transactional("producer");
        List<String> committed = new ArrayList<>();
        List<String> all = new ArrayList<>();
        committed(producer, topic, "before", committed, all);
        trouble.prepare();
        producer.beginTransaction();
        send(producer, topic, "open-1", committed, all);
        producer.flush();
        trouble.strike();
        send(producer, topic, "open-2", committed, all);
        producer.flush();
        producer.commitTransaction();
        committed(producer, topic, "in-trouble", committed, all);
        trouble.heal();
        committed(producer, topic, "healed", committed, all);
        // The trouble comes while the client sends, commits or aborts: whichever comes first.
        for (int round = 0; round < ROUNDS; round++) {
            boolean abort = round == 1;
            List<String> visible = abort ? new ArrayList<>() : committed;
            trouble.prepare();
            producer.beginTransaction();
            send(producer, topic, "flushed-" + round, visible, all);
            producer.flush();
            FutureTask<Void> striking = new FutureTask<>(trouble::strike);
            new Thread(striking, "trouble").start();
            send(producer, topic, "unflushed-" + round, visible, all);
            if (abort) {
                // An abort drops what is not sent, so that nobody could tell how much of it is there.
                producer.flush();
                producer.abortTransaction();
            } else {
                producer.commitTransaction();
            }
            striking.get(20, TimeUnit.SECONDS);
            trouble.heal();
        }
        committed(producer, topic, "after", committed, all);

        expect(cluster, Isolation.COMMITTED, topic, committed);
        expect(cluster, Isolation.UNCOMMITTED, topic, all);
    }

    private static void committed(KafkaProducer<byte[], byte[]> producer, String topic, String value,
            List<String> committed, List<String> all) {
        producer.beginTransaction();
        send(producer, topic, value, committed, all);
        producer.commitTransaction();
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, String topic, String value,
            List<String> visible, List<String> all) {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            Cluster.send(producer, topic, partition, value);
        }
        visible.add(value);
        all.add(value);
    }

    private static void expect(Cluster cluster, Isolation isolation, String topic, List<String> values)
            throws Exception {
        List<List<String>> got = new ArrayList<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            got.add(new ArrayList<>());
        }
        cluster.readAll(isolation, topic).forEach(record -> got.get(record.partition()).add(Rec.text(record.value())));
        for (int partition = 0; partition < PARTITIONS; partition++) {
            Check.sameList(isolation + " of partition " + partition, values, got.get(partition));
        }
    }

    private Crashes() { }
}
