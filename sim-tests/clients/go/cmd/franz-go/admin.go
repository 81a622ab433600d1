package main

import (
	"fmt"
	"slices"
	"time"

	"fencepost/clients/scenario"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func (c *client) Admin(s *scenario.Scope) {
	a := admin{s, c.admin}
	a.topics()
	a.groups(c, "classic")
	a.groups(c, "consumer")
	a.transactions()
	a.Note("without fencing producers, for which kadm has no call")
}

type admin struct {
	*scenario.Scope
	kadm *kadm.Client
}

func (a admin) topics() {
	topic := a.Named("topic")
	settings := map[string]*string{"retention.ms": kadm.StringPtr("86400000")}
	created, err := a.kadm.CreateTopic(a, 3, 1, settings, topic)
	a.Must("create", err)
	a.Equal("partitions created", int32(3), created.NumPartitions)
	_, err = a.kadm.CreateTopic(a, 3, 1, nil, topic)
	a.Raises("create what exists", kerr.TopicAlreadyExists, err)
	_, err = a.kadm.CreateTopic(a, 1, 1, nil, "bad name!")
	a.Raises("create a bad name", kerr.InvalidTopicException, err)
	_, err = a.kadm.CreateTopic(a, 1, 99, nil, topic+"-many")
	a.Raises("more replicas than brokers", kerr.InvalidReplicationFactor, err)

	a.partitionCount(topic, 3)
	_, err = a.kadm.UpdatePartitions(a, 5, topic)
	a.Must("add partitions", err)
	a.partitionCount(topic, 5)
	fewer, err := a.kadm.UpdatePartitions(a, 4, topic)
	a.Must("fewer partitions", err)
	a.Raises("fewer partitions", kerr.InvalidPartitions, fewer[topic].Err)

	a.Equal("retention.ms", "86400000", a.config(topic, "retention.ms"))
	altered, err := a.kadm.AlterTopicConfigs(a, []kadm.AlterConfig{
		{Op: kadm.SetConfig, Name: "retention.ms", Value: kadm.StringPtr("7200000")},
		{Op: kadm.AppendConfig, Name: "cleanup.policy", Value: kadm.StringPtr("compact")}}, topic)
	a.Must("alter configs", err)
	a.Must("alter configs", altered[0].Err)
	a.Eventually("retention.ms set", func() (bool, string) {
		got := a.config(topic, "retention.ms")
		return got == "7200000", got
	})
	a.Equal("cleanup.policy appended to", "delete,compact", a.config(topic, "cleanup.policy"))
	altered, err = a.kadm.AlterTopicConfigs(a, []kadm.AlterConfig{
		{Op: kadm.DeleteConfig, Name: "retention.ms"},
		{Op: kadm.SubtractConfig, Name: "cleanup.policy", Value: kadm.StringPtr("compact")}}, topic)
	a.Must("alter configs back", err)
	a.Must("alter configs back", altered[0].Err)
	a.Eventually("cleanup.policy subtracted from", func() (bool, string) {
		got := a.config(topic, "cleanup.policy")
		return got == "delete", got
	})
	a.Equal("retention.ms at its default", "604800000", a.config(topic, "retention.ms"))
	altered, err = a.kadm.AlterTopicConfigs(a, []kadm.AlterConfig{
		{Op: kadm.SetConfig, Name: "retention.ms", Value: kadm.StringPtr("soon")}}, topic)
	a.Must("a value of the wrong type", err)
	a.Raises("a value of the wrong type", kerr.InvalidConfig, altered[0].Err)

	a.records(topic)

	_, err = a.kadm.DeleteTopic(a, topic)
	a.Must("delete", err)
	a.Eventually("the topic is gone", func() (bool, string) {
		listed, err := a.kadm.ListTopics(a, topic)
		a.Must("list", err)
		return !listed.Has(topic), "listed"
	})
	_, err = a.kadm.DeleteTopic(a, topic)
	a.Raises("delete it again", kerr.UnknownTopicOrPartition, err)
}

func (a admin) partitionCount(topic string, expected int) {
	a.Eventually(fmt.Sprintf("%d partitions", expected), func() (bool, string) {
		listed, err := a.kadm.ListTopics(a, topic)
		a.Must("list", err)
		return len(listed[topic].Partitions) == expected, fmt.Sprint(len(listed[topic].Partitions))
	})
}

func (a admin) config(topic, name string) string {
	described, err := a.kadm.DescribeTopicConfigs(a, topic)
	a.Must("describe configs", err)
	for _, config := range described[0].Configs {
		if config.Key == name {
			return config.MaybeValue()
		}
	}
	a.Fail("no config %s of %s", name, topic)
	return ""
}

func (a admin) records(topic string) {
	a.Send("records", a.Producer(scenario.ProducerOptions{}), scenario.Values(topic, 0, "a", "b", "c", "d", "e")...)
	before := func(offset int64) kadm.DeleteRecordsResponse {
		offsets := kadm.Offsets{}
		offsets.AddOffset(topic, 0, offset, -1)
		deleted, err := a.kadm.DeleteRecords(a, offsets)
		a.Must("delete records", err)
		response, _ := deleted.Lookup(topic, 0)
		return response
	}
	response := before(3)
	a.Must("delete records", response.Err)
	a.Equal("low watermark", int64(3), response.LowWatermark)
	a.Raises("delete past the end", kerr.OffsetOutOfRange, before(6).Err)
	starts, err := a.kadm.ListStartOffsets(a, topic)
	a.Must("start offsets", err)
	start, _ := starts.Lookup(topic, 0)
	a.Equal("start offset", int64(3), start.Offset)
	a.Expect(scenario.Committed, topic, 0, 5, "3 d", "4 e")
}

func (a admin) groups(c *client, protocol string) {
	topic, group := a.Topic(protocol+"-topic", 2), a.Named(protocol+"-group")
	cl := a.groupMember(c, protocol, group, topic)
	var committed error
	cl.CommitOffsetsSync(a, map[string]map[int32]kgo.EpochOffset{topic: {0: {Epoch: -1, Offset: 0}}},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, response *kmsg.OffsetCommitResponse, err error) {
			committed = err
			if err == nil {
				committed = kerr.ErrorForCode(response.Topics[0].Partitions[0].ErrorCode)
			}
		})
	a.Must("commit", committed)

	stable, err := a.kadm.ListGroups(a, "Stable")
	a.Must("list groups", err)
	a.Equal("listed as stable", true, slices.Contains(stable.Groups(), group))
	id, epoch := cl.GroupMetadata()
	switch protocol {
	case "classic":
		described, err := a.kadm.DescribeGroups(a, group)
		a.Must("describe group", err)
		one := described[group]
		a.Must("describe group", one.Err)
		a.Equal("state", "Stable", one.State)
		a.Equal("members", 1, len(one.Members))
		a.Equal("member id", id, one.Members[0].MemberID)
		a.Equal("assignment", []int32{0, 1}, one.AssignedPartitions().Sorted()[0].Partitions)
	case "consumer":
		described, err := a.kadm.DescribeConsumerGroups(a, group)
		a.Must("describe group", err)
		one := described[group]
		a.Must("describe group", one.Err)
		a.Equal("state", "Stable", one.State)
		a.Equal("members", 1, len(one.Members))
		a.Equal("member id", id, one.Members[0].MemberID)
		a.Equal("member epoch", epoch, one.Members[0].MemberEpoch)
		a.Equal("assignment", []int32{0, 1}, one.AssignedPartitions().Sorted()[0].Partitions)
	}
	busy, err := a.kadm.DeleteGroups(a, group)
	a.Must("delete a group with members", err)
	a.Raises("delete a group with members", kerr.NonEmptyGroup, busy[group].Err)
	cl.Close()
	a.Eventually("the group is empty", func() (bool, string) {
		empty, err := a.kadm.ListGroups(a, "Empty")
		a.Must("list groups", err)
		return slices.Contains(empty.Groups(), group), "not listed as empty"
	})
	a.groupOffsets(group, topic)
}

func (a admin) groupOffsets(group, topic string) {
	set := kadm.Offsets{}
	set.Add(kadm.Offset{Topic: topic, Partition: 1, At: 7, LeaderEpoch: -1, Metadata: "set"})
	a.Must("alter offsets", a.kadm.CommitAllOffsets(a, group, set))
	fetched, err := a.kadm.FetchOffsets(a, group)
	a.Must("fetch offsets", err)
	zero, _ := fetched.Lookup(topic, 0)
	a.Equal("offset of partition 0", int64(0), zero.At)
	one, _ := fetched.Lookup(topic, 1)
	a.Equal("offset of partition 1", int64(7), one.At)
	a.Equal("its metadata", "set", one.Metadata)

	partitions := kadm.TopicsSet{}
	partitions.Add(topic, 0)
	deleted, err := a.kadm.DeleteOffsets(a, group, partitions)
	a.Must("delete offsets", err)
	a.Must("delete offsets", deleted[topic][0])
	fetched, err = a.kadm.FetchOffsets(a, group)
	a.Must("fetch offsets", err)
	_, found := fetched.Lookup(topic, 0)
	a.Equal("the deleted offset is found", false, found)

	_, err = a.kadm.DeleteGroup(a, group)
	a.Must("delete group", err)
	_, err = a.kadm.DeleteGroup(a, group)
	a.Raises("delete it again", kerr.GroupIDNotFound, err)
}

func (a admin) transactions() {
	topic, id := a.Topic("transactions", 1), a.Named("open")
	producer := a.Transactional("open")
	a.Must("begin", producer.Begin())
	a.Send("open", producer, scenario.Values(topic, 0, "one", "two")...)

	transaction := a.transaction(id)
	a.Equal("state", "Ongoing", transaction.State)
	a.Equal("partitions", []int32{0}, transaction.Topics.Sorted()[0].Partitions)
	listed, err := a.kadm.ListTransactions(a, []int64{transaction.ProducerID}, []string{"Ongoing"})
	a.Must("list transactions", err)
	a.Equal("listed", 1, len(listed))
	a.Equal("listed id", id, listed[id].TxnID)
	unknown, err := a.kadm.DescribeTransactions(a, id+"-unknown")
	a.Must("describe an unknown transaction", err)
	a.Raises("describe an unknown transaction", kerr.TransactionalIDNotFound, unknown[id+"-unknown"].Err)

	state := a.producer(topic, transaction.ProducerID)
	a.Equal("producer's epoch", transaction.ProducerEpoch, state.ProducerEpoch)
	a.Equal("its last sequence", int32(1), state.LastSequence)
	a.Equal("its transaction's start", int64(0), state.CurrentTxnStartOffset)

	// The operator's marker ends the transaction on its partition; the coordinator does not know of it.
	partitions := kadm.TopicsSet{}
	partitions.Add(topic, 0)
	written, err := a.kadm.WriteTxnMarkers(a, kadm.TxnMarkers{
		ProducerID: state.ProducerID, ProducerEpoch: state.ProducerEpoch,
		CoordinatorEpoch: max(state.CoordinatorEpoch, 0), Topics: partitions})
	a.Must("write markers", err)
	a.Must("write markers", written[state.ProducerID].Topics[topic].Partitions[0].Err)
	a.Equal("no open transaction", int64(-1), a.producer(topic, state.ProducerID).CurrentTxnStartOffset)
	a.Equal("the coordinator's state", "Ongoing", a.transaction(id).State)
	a.Expect(scenario.Committed, topic, 0, 3)
	a.Expect(scenario.Uncommitted, topic, 0, 3, "0 one", "1 two")
}

func (a admin) transaction(id string) kadm.DescribedTransaction {
	described, err := a.kadm.DescribeTransactions(a, id)
	a.Must("describe transaction", err)
	a.Must("describe transaction", described[id].Err)
	return described[id]
}

func (a admin) producer(topic string, id int64) kadm.DescribedProducer {
	partitions := kadm.TopicsSet{}
	partitions.Add(topic, 0)
	described, err := a.kadm.DescribeProducers(a, partitions)
	a.Must("describe producers", err)
	partition := described[topic].Partitions[0]
	a.Must("describe producers", partition.Err)
	return partition.ActiveProducers[id]
}

// groupMember joins a group and waits for both partitions.
func (a admin) groupMember(c *client, protocol, group, topic string) *kgo.Client {
	assigned := make(chan int, 10)
	count := &assignment{report: func(partitions int) { assigned <- partitions }}
	options := []kgo.Opt{
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.SessionTimeout(6 * time.Second), kgo.HeartbeatInterval(100 * time.Millisecond),
		kgo.OnPartitionsAssigned(count.change(1)),
	}
	if protocol == "consumer" {
		options = append(options, kgo.ServerSideBalancer())
	}
	cl, err := c.open(options...)
	a.Must("member", err)
	a.OnClose(cl.Close)
	for partitions := 0; partitions != 2; {
		select {
		case partitions = <-assigned:
		case <-time.After(20 * time.Second):
			a.Fail("the member has %d partitions after 20 s", partitions)
		}
	}
	return cl
}
