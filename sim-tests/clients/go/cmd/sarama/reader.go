package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fencepost/clients/scenario"

	"github.com/IBM/sarama"
)

// quiet is how long Read waits for a record more than expected.
const quiet = 150 * time.Millisecond

func (c *client) EndOffset(_ context.Context, isolation scenario.Isolation, topic string, partition int32) (int64, error) {
	asked := map[string]map[int32]int64{topic: {partition: sarama.OffsetNewest}}
	listed, err := c.admin.ListOffsets(asked, &sarama.ListOffsetsOptions{IsolationLevel: level(isolation)})
	if err != nil {
		return 0, err
	}
	result := listed[topic][partition]
	return result.Offset, known(result.Err)
}

// known is nil for the error code of no error.
func known(err error) error {
	if errors.Is(err, sarama.ErrNoError) {
		return nil
	}
	return err
}

func level(isolation scenario.Isolation) sarama.IsolationLevel {
	if isolation == scenario.Committed {
		return sarama.ReadCommitted
	}
	return sarama.ReadUncommitted
}

// Read cannot see control batches nor its position: at the end it waits for one record too many.
func (c *client) Read(ctx context.Context, isolation scenario.Isolation, topic string, partition int32, expected int) ([]scenario.Record, error) {
	end, err := c.EndOffset(ctx, isolation, topic, partition)
	if err != nil || end == 0 {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var records []scenario.Record
	position := int64(0)
	err = c.each(ctx, isolation, topic, partition, sarama.OffsetOldest, func(record scenario.Record) time.Duration {
		records = append(records, record)
		position = record.Offset + 1
		switch {
		case position >= end:
			return 0
		case len(records) >= expected:
			return quiet
		}
		return time.Minute
	}, expected == 0)
	if position > end {
		return nil, fmt.Errorf("read to %d, past the end %d", position, end)
	}
	return records, err
}

func (c *client) Take(ctx context.Context, isolation scenario.Isolation, topic string, partition int32, from int64, count int) ([]scenario.Record, error) {
	var records []scenario.Record
	err := c.each(ctx, isolation, topic, partition, from, func(record scenario.Record) time.Duration {
		records = append(records, record)
		if len(records) >= count {
			return 0
		}
		return time.Minute
	}, false)
	return records, err
}

// each hands over the records of a partition; the function says how long to wait for the next one.
func (c *client) each(ctx context.Context, isolation scenario.Isolation, topic string, partition int32, from int64,
	accept func(scenario.Record) time.Duration, expectNone bool,
) error {
	config := config()
	config.Consumer.IsolationLevel = level(isolation)
	consumer, err := sarama.NewConsumer(c.bootstrap, config)
	if err != nil {
		return err
	}
	defer func() { _ = consumer.Close() }()
	reading, err := consumer.ConsumePartition(topic, partition, from)
	if err != nil {
		return err
	}
	defer func() { _ = reading.Close() }()
	wait := time.Minute
	if expectNone {
		wait = quiet
	}
	for wait > 0 {
		select {
		case message := <-reading.Messages():
			wait = accept(incoming(message))
		case err := <-reading.Errors():
			return err
		case <-time.After(wait):
			return nil
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}
