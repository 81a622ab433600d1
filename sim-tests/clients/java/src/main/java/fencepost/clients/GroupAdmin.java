package fencepost.clients;

import static fencepost.clients.TopicAdmin.get;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.ClassicGroupState;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;
import org.apache.kafka.common.errors.UnknownMemberIdException;

/** Administration of groups and their offsets, for both group protocols. */
final class GroupAdmin {
    static void run(Cluster cluster) throws Exception {
        one(cluster, "classic", GroupType.CLASSIC, "range");
        one(cluster, "consumer", GroupType.CONSUMER, "uniform");
    }

    private static void one(Cluster cluster, String protocol, GroupType type, String assignor) throws Exception {
        Admin admin = cluster.admin();
        String topic = cluster.topic(protocol + "-topic", 2);
        String group = cluster.named(protocol + "-group");
        TopicPartition zero = new TopicPartition(topic, 0);
        TopicPartition one = new TopicPartition(topic, 1);
        try (KafkaConsumer<byte[], byte[]> consumer = cluster.consumer(Isolation.COMMITTED, Map.of(
                ConsumerConfig.GROUP_ID_CONFIG, group, ConsumerConfig.GROUP_PROTOCOL_CONFIG, protocol))) {
            consumer.subscribe(List.of(topic));
            Check.eventually("assignment", Set.of(zero, one), () -> {
                consumer.poll(Duration.ofMillis(50));
                return consumer.assignment();
            });
            consumer.commitSync(Map.of(zero, new OffsetAndMetadata(0, Optional.empty(), "first")));
            Check.eventually("listed as stable", Optional.of(GroupState.STABLE),
                () -> listing(admin, new ListGroupsOptions(), group).groupState());
            Check.equal("listed type", Optional.of(type), listing(admin, new ListGroupsOptions(), group).type());
            Check.equal("listed protocol", "consumer", listing(admin, new ListGroupsOptions(), group).protocol());
            Check.equal("listed by type", group,
                listing(admin, new ListGroupsOptions().withTypes(Set.of(type)), group).groupId());

            ConsumerGroupDescription description = describe(admin, group);
            Check.equal("type", type, description.type());
            Check.equal("state", GroupState.STABLE, description.groupState());
            Check.equal("assignor", assignor, description.partitionAssignor());
            Check.equal("members", 1, description.members().size());
            MemberDescription member = description.members().iterator().next();
            Check.equal("member id", consumer.groupMetadata().memberId(), member.consumerId());
            Check.equal("member's assignment", Set.of(zero, one), member.assignment().topicPartitions());
            if (type == GroupType.CLASSIC) {
                Check.equal("classic state", ClassicGroupState.STABLE,
                    get(admin.describeClassicGroups(List.of(group)).all()).get(group).state());
            } else {
                Check.equal("member epoch", Optional.of(consumer.groupMetadata().generationId()),
                    member.memberEpoch());
            }
            Check.raises("delete a group with members", GroupNotEmptyException.class,
                () -> get(admin.deleteConsumerGroups(List.of(group)).all()));
            Check.raises("alter offsets of a group with members", UnknownMemberIdException.class,
                () -> get(admin.alterConsumerGroupOffsets(group, Map.of(one, new OffsetAndMetadata(0))).all()));
            Check.raises("delete an offset that is subscribed to", GroupSubscribedToTopicException.class,
                () -> get(admin.deleteConsumerGroupOffsets(group, Set.of(zero)).partitionResult(zero)));
        }
        Check.eventually("empty after the member left", GroupState.EMPTY, () -> describe(admin, group).groupState());
        Check.equal("offsets", Map.of(zero, new OffsetAndMetadata(0, Optional.empty(), "first")),
            offsets(admin, group));
        get(admin.alterConsumerGroupOffsets(group, Map.of(one, new OffsetAndMetadata(7, Optional.of(0), "set"))).all());
        Check.equal("offset altered", new OffsetAndMetadata(7, Optional.of(0), "set"), offsets(admin, group).get(one));
        get(admin.deleteConsumerGroupOffsets(group, Set.of(zero)).all());
        Check.equal("offset deleted", Set.of(one), offsets(admin, group).keySet());
        get(admin.deleteConsumerGroups(List.of(group)).all());
        Check.raises("describe the deleted group", GroupIdNotFoundException.class, () -> describe(admin, group));
        Check.raises("delete it again", GroupIdNotFoundException.class,
            () -> get(admin.deleteConsumerGroups(List.of(group)).all()));
        Check.isTrue("not listed any more", get(admin.listGroups().all()).stream()
            .noneMatch(listing -> listing.groupId().equals(group)));
        get(admin.deleteTopics(List.of(topic)).all());
    }

    private static GroupListing listing(Admin admin, ListGroupsOptions options, String group) throws Exception {
        return get(admin.listGroups(options).all()).stream()
            .filter(listing -> listing.groupId().equals(group)).findFirst().orElseThrow();
    }

    private static ConsumerGroupDescription describe(Admin admin, String group) throws Exception {
        return get(admin.describeConsumerGroups(List.of(group)).all()).get(group);
    }

    /** The partitions that have an offset. */
    private static Map<TopicPartition, OffsetAndMetadata> offsets(Admin admin, String group) throws Exception {
        return get(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata()).entrySet().stream()
            .filter(entry -> entry.getValue() != null)
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private GroupAdmin() { }
}
