// The scenarios with sarama. It speaks the transaction protocol of before KIP-890 at every transaction.version, and
// has no consumer of the protocol of KIP-848.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"fencepost/clients/scenario"

	"github.com/IBM/sarama"
)

type client struct {
	bootstrap []string
	conn      sarama.Client
	admin     sarama.TransactionClusterAdmin
}

func main() { scenario.Main(connect) }

func connect(bootstrap []string) (scenario.Client, error) {
	if os.Getenv("CLIENT_LOG_LEVEL") == "debug" {
		sarama.Logger = log.New(os.Stderr, "", log.Lmicroseconds)
		sarama.DebugLogger = sarama.Logger
	}
	conn, err := sarama.NewClient(bootstrap, config())
	if err != nil {
		return nil, err
	}
	admin, err := sarama.NewClusterAdminFromClient(conn)
	if err != nil {
		return nil, err
	}
	return &client{bootstrap, conn, admin.(sarama.TransactionClusterAdmin)}, nil
}

// config has short waits.
func config() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_2_0_0
	config.Metadata.Retry.Backoff = 20 * time.Millisecond
	config.Metadata.Retry.Max = 100
	config.Admin.Retry.Backoff = 20 * time.Millisecond
	config.Admin.Retry.Max = 100
	config.Consumer.Retry.Backoff = 20 * time.Millisecond
	config.Consumer.MaxWaitTime = 50 * time.Millisecond
	config.Consumer.Return.Errors = true
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	return config
}

func (c *client) CreateTopic(ctx context.Context, topic string, partitions int32) error {
	detail := &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: -1}
	if err := c.admin.CreateTopic(topic, detail, false); err != nil {
		return err
	}
	for ctx.Err() == nil {
		topics, err := c.admin.DescribeTopics([]string{topic})
		if err != nil {
			return err
		}
		leaders := 0
		for _, partition := range topics[0].Partitions {
			if partition.Err == sarama.ErrNoError && partition.Leader >= 0 {
				leaders++
			}
		}
		if leaders == int(partitions) {
			return c.conn.RefreshMetadata(topic)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ctx.Err()
}

func (c *client) TransactionVersion(context.Context) (int, error) {
	broker := c.conn.LeastLoadedBroker()
	if err := broker.Open(c.conn.Config()); err != nil && !errors.Is(err, sarama.ErrAlreadyConnected) {
		return 0, err
	}
	response, err := broker.ApiVersions(&sarama.ApiVersionsRequest{
		Version: 3, ClientSoftwareName: "sarama", ClientSoftwareVersion: "1"})
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

func (c *client) CommittedOffsets(_ context.Context, group, topic string, partitions int32) ([]int64, error) {
	var wanted []int32
	for partition := range partitions {
		wanted = append(wanted, partition)
	}
	fetched, err := c.admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: wanted})
	if err != nil {
		return nil, err
	}
	var offsets []int64
	for partition := range partitions {
		block := fetched.GetBlock(topic, partition)
		if block == nil || block.Err != sarama.ErrNoError {
			return nil, fmt.Errorf("offset of partition %d: %v", partition, block)
		}
		offsets = append(offsets, block.Offset)
	}
	return offsets, nil
}

// Outcome: the client gives the broker's own error.
func (c *client) Outcome(call scenario.LateCall, transactionVersion int) error {
	switch call {
	case scenario.ZombieSend, scenario.TimedOutSend:
		return sarama.ErrInvalidProducerEpoch
	default:
		return sarama.ErrProducerFenced
	}
}
