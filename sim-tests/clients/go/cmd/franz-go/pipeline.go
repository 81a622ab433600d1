package main

import (
	"context"
	"sync"
	"time"

	"fencepost/clients/scenario"

	"github.com/twmb/franz-go/pkg/kgo"
)

// assignment counts the partitions that a member has.
type assignment struct {
	mutex  sync.Mutex
	count  int
	report func(int)
}

func (a *assignment) change(sign int) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
		a.mutex.Lock()
		defer a.mutex.Unlock()
		for _, list := range partitions {
			a.count += sign * len(list)
		}
		a.report(a.count)
	}
}

func (c *client) Process(ctx context.Context, member scenario.Member) error {
	assigned := &assignment{report: member.Assigned}
	options := []kgo.Opt{
		kgo.SeedBrokers(c.bootstrap...),
		kgo.MetadataMinAge(20 * time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }),
		kgo.FetchMaxWait(50 * time.Millisecond),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.TransactionalID(member.TransactionalID),
		kgo.ConsumerGroup(member.Group),
		kgo.ConsumeTopics(member.Input),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.SessionTimeout(6 * time.Second),
		kgo.HeartbeatInterval(100 * time.Millisecond),
		kgo.OnPartitionsAssigned(assigned.change(1)),
		kgo.OnPartitionsRevoked(assigned.change(-1)),
		kgo.OnPartitionsLost(assigned.change(-1)),
	}
	if member.ConsumerProtocol {
		options = append(options, kgo.ServerSideBalancer())
	}
	session, err := kgo.NewGroupTransactSession(options...)
	if err != nil {
		return err
	}
	defer session.Close()
	for ctx.Err() == nil {
		fetches := session.PollRecords(ctx, 20)
		if ctx.Err() != nil {
			break
		}
		if err := fetches.Err(); err != nil {
			return err
		}
		if fetches.NumRecords() == 0 {
			continue
		}
		// Once begun, a transaction is ended even when the member is told to stop.
		if err := oneTransaction(context.WithoutCancel(ctx), session, fetches, member); err != nil {
			return err
		}
	}
	return nil
}

func oneTransaction(ctx context.Context, session *kgo.GroupTransactSession, fetches kgo.Fetches, member scenario.Member) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := session.Begin(); err != nil {
		return err
	}
	var outputs []*kgo.Record
	fetches.EachRecord(func(record *kgo.Record) {
		outputs = append(outputs, &kgo.Record{
			Topic: member.Output, Partition: record.Partition, Value: scenario.Transform(record.Value)})
	})
	if err := session.ProduceSync(ctx, outputs...).FirstErr(); err != nil {
		return err
	}
	if member.InTransaction != nil {
		if err := member.InTransaction(); err != nil {
			return err
		}
	}
	// Not committed and no error: the group moved on, and the records are read again by whoever has them now.
	committed, err := session.End(ctx, kgo.TryCommit)
	if err != nil {
		return err
	}
	if committed {
		member.Committed(len(outputs))
	}
	return nil
}
