package main

import (
	"fmt"
	"slices"
	"time"

	"fencepost/clients/scenario"

	"github.com/IBM/sarama"
)

func (c *client) Admin(s *scenario.Scope) {
	a := admin{s, c.admin, c}
	a.topics()
	a.groups()
	a.transactions()
	a.Note("without fencing producers and writing markers, for which sarama has no call")
}

type admin struct {
	*scenario.Scope
	cluster sarama.TransactionClusterAdmin
	client  *client
}

func (a admin) topics() {
	topic, retention := a.Named("topic"), "86400000"
	create := func(topic string, partitions int32, replicas int16) error {
		return a.cluster.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: replicas,
			ConfigEntries: map[string]*string{"retention.ms": &retention}}, false)
	}
	a.Must("create", create(topic, 3, 1))
	a.Raises("create what exists", sarama.ErrTopicAlreadyExists, create(topic, 3, 1))
	a.Raises("create a bad name", sarama.ErrInvalidTopic, create("bad name!", 1, 1))
	a.Raises("more replicas than brokers", sarama.ErrInvalidReplicationFactor, create(topic+"-many", 1, 99))

	a.partitionCount(topic, 3)
	a.Must("add partitions", a.cluster.CreatePartitions(topic, 5, nil, false))
	a.partitionCount(topic, 5)
	a.Raises("fewer partitions", sarama.ErrInvalidPartitions, a.cluster.CreatePartitions(topic, 4, nil, false))

	a.Equal("retention.ms", retention, a.config(topic, "retention.ms"))
	a.Must("alter config", a.alter(topic, sarama.IncrementalAlterConfigsOperationSet, "7200000"))
	a.Eventually("retention.ms set", func() (bool, string) {
		got := a.config(topic, "retention.ms")
		return got == "7200000", got
	})
	a.Raises("a value of the wrong type", sarama.ErrInvalidConfig,
		a.alter(topic, sarama.IncrementalAlterConfigsOperationSet, "soon"))
	a.Must("alter config back", a.alter(topic, sarama.IncrementalAlterConfigsOperationDelete, ""))
	a.Eventually("retention.ms at its default", func() (bool, string) {
		got := a.config(topic, "retention.ms")
		return got == "604800000", got
	})
	// The older call replaces all configurations of the topic.
	minute, day := "60000", "86400000"
	for _, replacement := range []map[string]*string{{"segment.ms": &minute}, {"retention.ms": &day}} {
		a.Must("replace configs", a.cluster.AlterConfig(sarama.TopicResource, topic, replacement, false))
	}
	a.Eventually("retention.ms replaced", func() (bool, string) {
		got := a.config(topic, "retention.ms")
		return got == day, got
	})
	a.Equal("segment.ms at its default", "604800000", a.config(topic, "segment.ms"))

	a.Send("records", a.Producer(scenario.ProducerOptions{}), scenario.Values(topic, 0, "a", "b", "c", "d", "e")...)
	a.Must("delete records", a.cluster.DeleteRecords(topic, map[int32]int64{0: 3}))
	a.Raises("delete past the end", sarama.ErrOffsetOutOfRange, a.cluster.DeleteRecords(topic, map[int32]int64{0: 6}))
	a.Expect(scenario.Committed, topic, 0, 5, "3 d", "4 e")

	a.Must("delete", a.cluster.DeleteTopic(topic))
	a.Eventually("the topic is gone", func() (bool, string) {
		topics, err := a.cluster.ListTopics()
		a.Must("list", err)
		_, listed := topics[topic]
		return !listed, "listed"
	})
	a.Raises("delete it again", sarama.ErrUnknownTopicOrPartition, a.cluster.DeleteTopic(topic))
}

func (a admin) partitionCount(topic string, expected int) {
	a.Eventually(fmt.Sprintf("%d partitions", expected), func() (bool, string) {
		topics, err := a.cluster.DescribeTopics([]string{topic})
		a.Must("describe topic", err)
		return len(topics[0].Partitions) == expected, fmt.Sprint(len(topics[0].Partitions))
	})
}

func (a admin) config(topic, name string) string {
	entries, err := a.cluster.DescribeConfig(sarama.ConfigResource{
		Type: sarama.TopicResource, Name: topic, ConfigNames: []string{name}})
	a.Must("describe config", err)
	a.Equal("configs described", 1, len(entries))
	return entries[0].Value
}

func (a admin) alter(topic string, operation sarama.IncrementalAlterConfigsOperation, value string) error {
	return a.cluster.IncrementalAlterConfig(sarama.TopicResource, topic, map[string]sarama.IncrementalAlterConfigsEntry{
		"retention.ms": {Operation: operation, Value: &value}}, false)
}

// waiting is a group member that only holds its partitions.
type waiting struct{ claims chan []int32 }

func (w waiting) Setup(session sarama.ConsumerGroupSession) error {
	for topic, partitions := range session.Claims() {
		session.MarkOffset(topic, 0, 0, "first")
		session.Commit()
		w.claims <- partitions
	}
	return nil
}

func (w waiting) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (w waiting) ConsumeClaim(session sarama.ConsumerGroupSession, _ sarama.ConsumerGroupClaim) error {
	<-session.Context().Done()
	return nil
}

func (a admin) groups() {
	topic, group := a.Topic("group-topic", 2), a.Named("group")
	config := config()
	config.Consumer.Group.Heartbeat.Interval = 100 * time.Millisecond
	joined, err := sarama.NewConsumerGroup(a.client.bootstrap, group, config)
	a.Must("member", err)
	handler := waiting{make(chan []int32, 10)}
	go func() { _ = joined.Consume(a, []string{topic}, handler) }()
	select {
	case partitions := <-handler.claims:
		a.Equal("claims", []int32{0, 1}, partitions)
	case <-time.After(20 * time.Second):
		a.Fail("the member has no partitions after 20 s")
	}
	listed, err := a.cluster.ListConsumerGroups()
	a.Must("list groups", err)
	a.Equal("listed protocol", "consumer", listed[group])
	described := a.describe(group)
	a.Equal("state", "Stable", described.State)
	a.Equal("assignor", "range", described.Protocol)
	a.Equal("members", 1, len(described.Members))
	for _, member := range described.Members {
		assignment, err := member.GetMemberAssignment()
		a.Must("assignment", err)
		a.Equal("assignment", map[string][]int32{topic: {0, 1}}, assignment.Topics)
	}
	a.Raises("delete a group with members", sarama.ErrNonEmptyGroup, a.cluster.DeleteConsumerGroup(group))
	a.Must("leave", joined.Close())
	a.Eventually("the group is empty", func() (bool, string) {
		state := a.describe(group).State
		return state == "Empty", state
	})

	seven := map[string]map[int32]sarama.OffsetAndMetadata{topic: {1: {Offset: 7, LeaderEpoch: -1, Metadata: "set"}}}
	altered, err := a.cluster.AlterConsumerGroupOffsets(group, seven, nil)
	a.Must("alter offsets", err)
	a.Equal("offset altered", sarama.ErrNoError, altered.Errors[topic][1])
	a.Equal("offsets", []int64{0, 7}, a.offsets(group, topic))
	a.Must("delete offset", a.cluster.DeleteConsumerGroupOffset(group, topic, 0))
	a.Equal("offsets left", []int64{-1, 7}, a.offsets(group, topic))
	a.Must("delete group", a.cluster.DeleteConsumerGroup(group))
	a.Raises("delete it again", sarama.ErrGroupIDNotFound, a.cluster.DeleteConsumerGroup(group))
	listed, err = a.cluster.ListConsumerGroups()
	a.Must("list groups", err)
	_, still := listed[group]
	a.Equal("still listed", false, still)
}

func (a admin) describe(group string) *sarama.GroupDescription {
	described, err := a.cluster.DescribeConsumerGroups([]string{group})
	a.Must("describe group", err)
	a.Must("describe group", known(described[0].Err))
	return described[0]
}

func (a admin) offsets(group, topic string) []int64 {
	offsets, err := a.client.CommittedOffsets(a, group, topic, 2)
	a.Must("offsets", err)
	return offsets
}

func (a admin) transactions() {
	topic, id := a.Topic("transactions", 1), a.Named("open")
	producer := a.Transactional("open")
	a.Must("begin", producer.Begin())
	a.Send("open", producer, scenario.Values(topic, 0, "one", "two")...)

	described, err := a.cluster.DescribeTransactions([]string{id})
	a.Must("describe transaction", err)
	transaction := described[id]
	a.Must("describe transaction", known(transaction.ErrorCode))
	a.Equal("state", "Ongoing", transaction.TransactionState)
	listed, err := a.cluster.ListTransactions([]string{"Ongoing"}, []int64{transaction.ProducerID}, -1)
	a.Must("list transactions", err)
	a.Equal("listed", 1, len(listed))
	a.Equal("listed id", id, listed[0].TransactionalID)

	producers, err := a.cluster.DescribeProducers(map[string][]int32{topic: {0}})
	a.Must("describe producers", err)
	partition := producers[topic][0]
	a.Must("describe producers", known(partition.ErrorCode))
	found := slices.IndexFunc(partition.ActiveProducers, func(state sarama.ProducerState) bool {
		return state.ProducerID == transaction.ProducerID
	})
	a.Equal("the producer is found", true, found >= 0)
	state := partition.ActiveProducers[found]
	a.Equal("producer's epoch", int32(transaction.ProducerEpoch), state.ProducerEpoch)
	a.Equal("its last sequence", int32(1), state.LastSequence)
	a.Equal("its transaction's start", int64(0), state.CurrentTxnStartOffset)
	a.Must("abort", producer.Abort(a))
	a.Expect(scenario.Committed, topic, 0, 3)
}
