package fencepost.clients;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConfigEntry.ConfigSource;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Administration of the cluster, its topics, configurations and records. */
final class TopicAdmin {
    static void run(Cluster cluster) throws Exception {
        Admin admin = cluster.admin();
        String topic = cluster.named("topic");
        Check.isTrue("transaction.version is finalised", cluster.transactionVersion() >= 0);
        Check.isTrue("the cluster has nodes", !get(admin.describeCluster().nodes()).isEmpty());
        Check.isTrue("the cluster has an id", !get(admin.describeCluster().clusterId()).isEmpty());

        create(admin, topic);
        Check.isTrue("the topic is listed", get(admin.listTopics().names()).contains(topic));
        configs(admin, topic);
        records(cluster, topic);
        partitions(admin, topic);

        get(admin.deleteTopics(List.of(topic)).all());
        Check.eventually("the deleted topic", UnknownTopicOrPartitionException.class,
            () -> get(admin.describeTopics(List.of(topic)).allTopicNames()));
        Check.raises("delete it again", UnknownTopicOrPartitionException.class,
            () -> get(admin.deleteTopics(List.of(topic)).all()));
    }

    private static void create(Admin admin, String topic) throws Exception {
        NewTopic wanted = new NewTopic(topic, Optional.of(3), Optional.of((short) 1))
            .configs(Map.of("retention.ms", "86400000"));
        get(admin.createTopics(List.of(wanted), new CreateTopicsOptions().validateOnly(true)).all());
        Check.isTrue("validation alone creates nothing", !get(admin.listTopics().names()).contains(topic));

        CreateTopicsResult created = admin.createTopics(List.of(wanted));
        get(created.all());
        Check.equal("partitions created", 3, get(created.numPartitions(topic)));
        Check.equal("replication created", 1, get(created.replicationFactor(topic)));
        Check.equal("config created", "86400000", get(created.config(topic)).get("retention.ms").value());

        Check.raises("create what exists", TopicExistsException.class, () -> createOne(admin, wanted));
        Check.raises("a bad name", InvalidTopicException.class,
            () -> createOne(admin, new NewTopic("bad name!", 1, (short) 1)));
        Check.raises("no partitions", InvalidPartitionsException.class,
            () -> createOne(admin, new NewTopic(topic + "-none", 0, (short) 1)));
        Check.raises("more replicas than brokers", InvalidReplicationFactorException.class,
            () -> createOne(admin, new NewTopic(topic + "-many", 1, (short) 99)));
        Check.raises("a config of no topic", InvalidConfigurationException.class,
            () -> createOne(admin, new NewTopic(topic + "-odd", 1, (short) 1).configs(Map.of("no.such", "1"))));

        Check.eventually("partitions of the new topic", 3, () -> describe(admin, topic).partitions().size());
        TopicDescription description = describe(admin, topic);
        for (int p = 0; p < 3; p++) {
            Check.equal("partition number", p, description.partitions().get(p).partition());
            Check.equal("leader is the only replica", List.of(description.partitions().get(p).leader()),
                description.partitions().get(p).replicas());
            Check.equal("in-sync replicas", description.partitions().get(p).replicas(),
                description.partitions().get(p).isr());
        }
        Check.raises("describe what is unknown", UnknownTopicOrPartitionException.class,
            () -> describe(admin, topic + "-unknown"));
    }

    private static Object createOne(Admin admin, NewTopic topic) throws Exception {
        return get(admin.createTopics(List.of(topic)).all());
    }

    private static TopicDescription describe(Admin admin, String topic) throws Exception {
        return get(admin.describeTopics(List.of(topic)).allTopicNames()).get(topic);
    }

    private static void configs(Admin admin, String topic) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        ConfigEntry retention = config(admin, resource).get("retention.ms");
        Check.equal("retention.ms", "86400000", retention.value());
        Check.equal("its source", ConfigSource.DYNAMIC_TOPIC_CONFIG, retention.source());
        Check.equal("cleanup.policy's source", ConfigSource.DEFAULT_CONFIG,
            config(admin, resource).get("cleanup.policy").source());

        alter(admin, resource, new AlterConfigOp(new ConfigEntry("retention.ms", "7200000"), OpType.SET),
            new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), OpType.APPEND));
        Check.eventually("retention.ms set", "7200000", () -> config(admin, resource).get("retention.ms").value());
        Check.equal("cleanup.policy appended to", "delete,compact",
            config(admin, resource).get("cleanup.policy").value());

        alter(admin, resource, new AlterConfigOp(new ConfigEntry("retention.ms", ""), OpType.DELETE),
            new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), OpType.SUBTRACT));
        Check.eventually("retention.ms back at its default", "604800000",
            () -> config(admin, resource).get("retention.ms").value());
        Check.equal("its source", ConfigSource.DEFAULT_CONFIG, config(admin, resource).get("retention.ms").source());
        Check.equal("cleanup.policy subtracted from", "delete", config(admin, resource).get("cleanup.policy").value());

        Check.raises("a value out of range", InvalidConfigurationException.class, () -> {
            alter(admin, resource, new AlterConfigOp(new ConfigEntry("retention.ms", "soon"), OpType.SET));
            return null;
        });
        Check.raises("configs of an unknown topic", UnknownTopicOrPartitionException.class,
            () -> config(admin, new ConfigResource(ConfigResource.Type.TOPIC, topic + "-unknown")));

        String node = Integer.toString(get(admin.describeCluster().nodes()).iterator().next().id());
        Check.equal("a broker's config", "0", config(admin, new ConfigResource(ConfigResource.Type.BROKER, node))
            .get("group.initial.rebalance.delay.ms").value());
    }

    private static Config config(Admin admin, ConfigResource resource) throws Exception {
        return get(admin.describeConfigs(List.of(resource)).all()).get(resource);
    }

    private static void alter(Admin admin, ConfigResource resource, AlterConfigOp... operations) throws Exception {
        Collection<AlterConfigOp> list = List.of(operations);
        get(admin.incrementalAlterConfigs(Map.of(resource, list)).all());
    }

    private static void records(Cluster cluster, String topic) throws Exception {
        TopicPartition at = new TopicPartition(topic, 0);
        KafkaProducer<byte[], byte[]> producer = cluster.producer(Map.of());
        long last = System.currentTimeMillis();
        for (int i = 0; i < 10; i++) {
            // The timestamps fall, so that the greatest one is not the last.
            producer.send(new ProducerRecord<>(topic, 0, last - i, null, Rec.bytes("record-" + i)));
        }
        producer.flush();
        Check.equal("earliest", 0L, offset(cluster, at, OffsetSpec.earliest()));
        Check.equal("latest", 10L, offset(cluster, at, OffsetSpec.latest()));
        Check.equal("greatest timestamp", 0L, offset(cluster, at, OffsetSpec.maxTimestamp()));
        Check.equal("first at or after", 0L, offset(cluster, at, OffsetSpec.forTimestamp(last - 1000)));
        Check.equal("none at or after", -1L, offset(cluster, at, OffsetSpec.forTimestamp(last + 1)));

        Check.equal("low watermark", 4L, delete(cluster, at, 4));
        Check.equal("earliest after deletion", 4L, offset(cluster, at, OffsetSpec.earliest()));
        Check.raises("delete past the end", OffsetOutOfRangeException.class, () -> delete(cluster, at, 11));
        Check.sameList("records left", List.of("record-4", "record-5", "record-6", "record-7", "record-8", "record-9"),
            cluster.values(Isolation.COMMITTED, topic));
        Check.equal("low watermark at the high watermark", 10L, delete(cluster, at, -1));
        Check.sameList("no record left", List.of(), cluster.values(Isolation.COMMITTED, topic));
    }

    private static long offset(Cluster cluster, TopicPartition at, OffsetSpec spec) throws Exception {
        return get(cluster.admin().listOffsets(Map.of(at, spec)).partitionResult(at)).offset();
    }

    private static long delete(Cluster cluster, TopicPartition at, long before) throws Exception {
        return get(cluster.admin().deleteRecords(Map.of(at, RecordsToDelete.beforeOffset(before)))
            .lowWatermarks().get(at)).lowWatermark();
    }

    private static void partitions(Admin admin, String topic) throws Exception {
        get(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all());
        Check.eventually("partitions added", 5, () -> describe(admin, topic).partitions().size());
        Check.raises("fewer partitions", InvalidPartitionsException.class,
            () -> get(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all()));
        Check.raises("partitions of an unknown topic", UnknownTopicOrPartitionException.class,
            () -> get(admin.createPartitions(Map.of(topic + "-unknown", NewPartitions.increaseTo(4))).all()));
    }

    static <T> T get(KafkaFuture<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    private TopicAdmin() { }
}
