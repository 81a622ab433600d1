package main

import (
	"context"
	"errors"
	"time"

	"fencepost/clients/scenario"

	"github.com/IBM/sarama"
)

type producer struct{ sarama.SyncProducer }

func (c *client) NewProducer(_ context.Context, wanted scenario.ProducerOptions) (scenario.Producer, error) {
	config := producerConfig(wanted.TransactionalID)
	config.Producer.Compression = codec(wanted.Codec)
	if wanted.TransactionTimeout != 0 {
		config.Producer.Transaction.Timeout = wanted.TransactionTimeout
	}
	// A transactional producer initialises here.
	made, err := sarama.NewSyncProducer(c.bootstrap, config)
	if err != nil {
		return nil, err
	}
	return producer{made}, nil
}

func producerConfig(transactionalID string) *sarama.Config {
	config := config()
	config.Net.MaxOpenRequests = 1
	config.Producer.Idempotent = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Return.Successes = true
	config.Producer.Return.Errors = true
	config.Producer.Retry.Backoff = 20 * time.Millisecond
	config.Producer.Transaction.Retry.Backoff = 20 * time.Millisecond
	config.Producer.Transaction.Retry.Max = 500
	config.Producer.Transaction.ID = transactionalID
	return config
}

func codec(name string) sarama.CompressionCodec {
	switch name {
	case "gzip":
		return sarama.CompressionGZIP
	case "snappy":
		return sarama.CompressionSnappy
	case "lz4":
		return sarama.CompressionLZ4
	case "zstd":
		return sarama.CompressionZSTD
	default:
		return sarama.CompressionNone
	}
}

func (p producer) Begin() error { return p.BeginTxn() }

func (p producer) Send(_ context.Context, records ...scenario.Record) error {
	messages := make([]*sarama.ProducerMessage, 0, len(records))
	for _, record := range records {
		messages = append(messages, outgoing(record))
	}
	err := p.SendMessages(messages)
	var failed sarama.ProducerErrors
	if errors.As(err, &failed) {
		return failed[0].Err
	}
	return err
}

func (p producer) Commit(context.Context) error { return p.CommitTxn() }

func (p producer) Abort(context.Context) error { return p.AbortTxn() }

func (p producer) Close() { _ = p.SyncProducer.Close() }

func outgoing(record scenario.Record) *sarama.ProducerMessage {
	out := &sarama.ProducerMessage{
		Topic: record.Topic, Partition: record.Partition, Timestamp: record.Timestamp,
		Key: encoder(record.Key), Value: encoder(record.Value),
	}
	for _, header := range record.Headers {
		out.Headers = append(out.Headers, sarama.RecordHeader{Key: []byte(header.Key), Value: header.Value})
	}
	return out
}

// encoder keeps null apart from empty.
func encoder(bytes []byte) sarama.Encoder {
	if bytes == nil {
		return nil
	}
	return sarama.ByteEncoder(bytes)
}

func incoming(message *sarama.ConsumerMessage) scenario.Record {
	in := scenario.Record{
		Topic: message.Topic, Partition: message.Partition, Offset: message.Offset,
		Key: message.Key, Value: message.Value, Timestamp: message.Timestamp,
	}
	for _, header := range message.Headers {
		in.Headers = append(in.Headers, scenario.Header{Key: string(header.Key), Value: header.Value})
	}
	return in
}
