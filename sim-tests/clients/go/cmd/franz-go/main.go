// The scenarios with franz-go: kgo and kadm.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"fencepost/clients/scenario"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

type client struct {
	bootstrap []string
	cl        *kgo.Client
	admin     *kadm.Client
}

func main() { scenario.Main(connect) }

func connect(bootstrap []string) (scenario.Client, error) {
	c := &client{bootstrap: bootstrap}
	cl, err := c.open()
	if err != nil {
		return nil, err
	}
	c.cl, c.admin = cl, kadm.NewClient(cl)
	return c, nil
}

// open makes a client with short waits.
func (c *client) open(options ...kgo.Opt) (*kgo.Client, error) {
	base := []kgo.Opt{
		kgo.SeedBrokers(c.bootstrap...),
		kgo.MetadataMinAge(20 * time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }),
		kgo.RetryTimeout(20 * time.Second),
		kgo.FetchMaxWait(50 * time.Millisecond),
	}
	if os.Getenv("CLIENT_LOG_LEVEL") == "debug" {
		base = append(base, kgo.WithLogger(kgo.BasicLogger(os.Stderr, kgo.LogLevelDebug, nil)))
	}
	return kgo.NewClient(append(base, options...)...)
}

func (c *client) CreateTopic(ctx context.Context, topic string, partitions int32) error {
	created, err := c.admin.CreateTopic(ctx, partitions, -1, nil, topic)
	if err != nil {
		return err
	}
	if created.NumPartitions != partitions {
		return fmt.Errorf("created with %d partitions", created.NumPartitions)
	}
	for {
		topics, err := c.admin.ListTopics(ctx, topic)
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		leaders := 0
		for _, partition := range topics[topic].Partitions {
			if partition.Err == nil && partition.Leader >= 0 {
				leaders++
			}
		}
		if leaders == int(partitions) {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (c *client) TransactionVersion(ctx context.Context) (int, error) {
	request := kmsg.NewPtrApiVersionsRequest()
	request.ClientSoftwareName, request.ClientSoftwareVersion = "franz-go", "1"
	response, err := request.RequestWith(ctx, c.cl)
	if err != nil {
		return 0, err
	}
	for _, feature := range response.FinalizedFeatures {
		if feature.Name == "transaction.version" {
			return int(feature.MaxVersionLevel), nil
		}
	}
	return 0, nil
}

func (c *client) CommittedOffsets(ctx context.Context, group, topic string, partitions int32) ([]int64, error) {
	fetched, err := c.admin.FetchOffsets(kadm.RequireStable(ctx), group)
	if err != nil {
		return nil, err
	}
	var offsets []int64
	for partition := range partitions {
		offset, committed := fetched.Lookup(topic, partition)
		if !committed {
			return nil, fmt.Errorf("no offset of partition %d in %v", partition, fetched)
		}
		if offset.Err != nil {
			return nil, offset.Err
		}
		offsets = append(offsets, offset.At)
	}
	return offsets, nil
}

// Outcome: the client gives the broker's own error.
func (c *client) Outcome(call scenario.LateCall, transactionVersion int) error {
	second := transactionVersion >= 2
	switch call {
	case scenario.ZombieSend, scenario.TimedOutSend:
		// Produce with a stale epoch.
		return kerr.InvalidProducerEpoch
	case scenario.ZombieAbort, scenario.AbortAfterTimedOutSend:
		// At version 1 the client takes any stale epoch for a timeout: it sends no EndTxn and initialises again
		// with its old epoch in the next transaction (KIP-588).
		if !second {
			return nil
		}
	case scenario.TimedOutCommit:
		if second {
			return kerr.InvalidTxnState
		}
	case scenario.TimedOutAbort, scenario.NextAfterTimedOutAbort, scenario.NextAfterTimedOutSend:
	case scenario.ZombieCommit, scenario.ZombieNext:
		return kerr.ProducerFenced
	}
	if second && call != scenario.ZombieAbort {
		return nil
	}
	return kerr.ProducerFenced
}
