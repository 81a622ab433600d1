package main

import (
	"context"
	"errors"
	"fmt"

	"fencepost/clients/scenario"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

type producer struct{ *kgo.Client }

func (c *client) NewProducer(ctx context.Context, wanted scenario.ProducerOptions) (scenario.Producer, error) {
	options := []kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(codec(wanted.Codec)),
	}
	if wanted.TransactionalID != "" {
		options = append(options, kgo.TransactionalID(wanted.TransactionalID))
	}
	if wanted.TransactionTimeout != 0 {
		options = append(options, kgo.TransactionTimeout(wanted.TransactionTimeout))
	}
	cl, err := c.open(options...)
	if err != nil {
		return nil, err
	}
	// The client would initialise by its first send; a successor must do so before it.
	if _, _, err := cl.ProducerID(ctx); err != nil {
		cl.Close()
		return nil, err
	}
	return producer{cl}, nil
}

func codec(name string) kgo.CompressionCodec {
	switch name {
	case "gzip":
		return kgo.GzipCompression()
	case "snappy":
		return kgo.SnappyCompression()
	case "lz4":
		return kgo.Lz4Compression()
	case "zstd":
		return kgo.ZstdCompression()
	default:
		return kgo.NoCompression()
	}
}

func (p producer) Begin() error {
	err := p.BeginTransaction()
	if errors.Is(err, kerr.ProducerFenced) {
		return fmt.Errorf("%w: %w", scenario.ErrFenced, err)
	}
	return err
}

func (p producer) Send(ctx context.Context, records ...scenario.Record) error {
	list := make([]*kgo.Record, 0, len(records))
	for _, record := range records {
		list = append(list, outgoing(record))
	}
	return p.ProduceSync(ctx, list...).FirstErr()
}

func (p producer) Commit(ctx context.Context) error { return p.end(ctx, kgo.TryCommit) }

func (p producer) Abort(ctx context.Context) error { return p.end(ctx, kgo.TryAbort) }

// end: the client gives up on an EndTxn whose coordinator it cannot reach, and documents that the transaction is then to
// be aborted, whatever became of it.
func (p producer) end(ctx context.Context, try kgo.TransactionEndTry) error {
	err := p.EndTransaction(ctx, try)
	if answered := (*kerr.Error)(nil); err == nil || errors.As(err, &answered) {
		return err
	}
	return fmt.Errorf("%w: %w", scenario.ErrUnconfirmed, err)
}

func outgoing(record scenario.Record) *kgo.Record {
	out := &kgo.Record{
		Topic: record.Topic, Partition: record.Partition, Key: record.Key, Value: record.Value,
		Timestamp: record.Timestamp,
	}
	for _, header := range record.Headers {
		out.Headers = append(out.Headers, kgo.RecordHeader(header))
	}
	return out
}

func incoming(record *kgo.Record) scenario.Record {
	in := scenario.Record{
		Topic: record.Topic, Partition: record.Partition, Offset: record.Offset, Key: record.Key, Value: record.Value,
		Timestamp: record.Timestamp,
	}
	for _, header := range record.Headers {
		in.Headers = append(in.Headers, scenario.Header(header))
	}
	return in
}
