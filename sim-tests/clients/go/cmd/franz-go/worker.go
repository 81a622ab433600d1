package main

import (
	"context"
	"errors"
	"time"

	"fencepost/clients/scenario"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Work blocks rebalances from each poll until its records are processed and committed.
func (c *client) Work(ctx context.Context, worker scenario.Worker) error {
	assigned := &assignment{report: worker.Assigned}
	options := []kgo.Opt{
		kgo.ConsumerGroup(worker.Group),
		kgo.ConsumeTopics(worker.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// A coordinator that moves in the middle of a rebalance loads the generation before it, and with it members
		// that have left since: they go when their sessions end.
		kgo.SessionTimeout(time.Second),
		kgo.HeartbeatInterval(100 * time.Millisecond),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(assigned.change(1)),
		kgo.OnPartitionsRevoked(assigned.change(-1)),
		kgo.OnPartitionsLost(assigned.change(-1)),
	}
	if worker.ConsumerProtocol {
		options = append(options, kgo.ServerSideBalancer())
	}
	cl, err := c.open(options...)
	if err != nil {
		return err
	}
	defer cl.CloseAllowingRebalance()
	for ctx.Err() == nil {
		if err := pollOnce(ctx, cl, worker); err != nil {
			return err
		}
		cl.AllowRebalance()
	}
	return nil
}

func pollOnce(ctx context.Context, cl *kgo.Client, worker scenario.Worker) error {
	briefly, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	fetches := cl.PollRecords(briefly, 5)
	for _, failed := range fetches.Errors() {
		if !errors.Is(failed.Err, context.DeadlineExceeded) && !errors.Is(failed.Err, context.Canceled) {
			return failed.Err
		}
	}
	ends := map[int32]*kgo.Record{}
	fetches.EachRecord(func(record *kgo.Record) {
		worker.Processed(record.Partition, record.Offset)
		ends[record.Partition] = record
	})
	// What is processed is committed even when the member is told to stop.
	return commit(context.WithoutCancel(ctx), cl, worker, ends)
}

func commit(ctx context.Context, cl *kgo.Client, worker scenario.Worker, ends map[int32]*kgo.Record) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for partition, record := range ends {
		err := cl.CommitRecords(ctx, record)
		switch {
		case err == nil:
			worker.Committed(partition, record.Offset+1)
		case movedOn(err):
			// Whoever has the partition now reads from the last acknowledged position.
		default:
			return err
		}
	}
	return nil
}

// movedOn says whether a commit is of a generation that is over.
func movedOn(err error) bool {
	for _, known := range []error{
		kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.RebalanceInProgress, kerr.StaleMemberEpoch,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
