package main

import (
	"context"
	"fmt"

	"fencepost/clients/scenario"

	"github.com/twmb/franz-go/pkg/kgo"
)

func (c *client) EndOffset(ctx context.Context, isolation scenario.Isolation, topic string, partition int32) (int64, error) {
	list := c.admin.ListEndOffsets
	if isolation == scenario.Committed {
		list = c.admin.ListCommittedOffsets
	}
	offsets, err := list(ctx, topic)
	if err != nil {
		return 0, err
	}
	offset, found := offsets.Lookup(topic, partition)
	if !found {
		return 0, fmt.Errorf("no offset of %s/%d", topic, partition)
	}
	return offset.Offset, offset.Err
}

func (c *client) consumer(isolation scenario.Isolation, topic string, partition int32, from int64, more ...kgo.Opt) (*kgo.Client, error) {
	level := kgo.ReadUncommitted()
	if isolation == scenario.Committed {
		level = kgo.ReadCommitted()
	}
	start := map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(from)}}
	return c.open(append(more, kgo.FetchIsolationLevel(level), kgo.ConsumePartitions(start))...)
}

// Read sees control records too, so that it knows when it is at the end.
func (c *client) Read(ctx context.Context, isolation scenario.Isolation, topic string, partition int32, _ int) ([]scenario.Record, error) {
	end, err := c.EndOffset(ctx, isolation, topic, partition)
	if err != nil || end == 0 {
		return nil, err
	}
	cl, err := c.consumer(isolation, topic, partition, 0, kgo.KeepControlRecords())
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	var records []scenario.Record
	position := int64(0)
	for position < end {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("at %d of %d: %w", position, end, err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			position = record.Offset + 1
			if !record.Attrs.IsControl() {
				records = append(records, incoming(record))
			}
		})
	}
	if position != end {
		return nil, fmt.Errorf("read to %d, past the end %d", position, end)
	}
	return records, nil
}

func (c *client) Take(ctx context.Context, isolation scenario.Isolation, topic string, partition int32, from int64, count int) ([]scenario.Record, error) {
	cl, err := c.consumer(isolation, topic, partition, from)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	var records []scenario.Record
	for len(records) < count {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			break
		}
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(record *kgo.Record) { records = append(records, incoming(record)) })
	}
	return records, nil
}
