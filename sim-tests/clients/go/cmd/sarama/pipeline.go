package main

import (
	"context"
	"errors"
	"time"

	"fencepost/clients/scenario"

	"github.com/IBM/sarama"
)

// member is one group member with its producer; a claim is worked on by one goroutine, the producer by all in turn.
type member struct {
	scenario.Member
	producer sarama.SyncProducer
	turn     chan struct{}
	// failure is the first one.
	failure chan error
}

func (c *client) Process(ctx context.Context, wanted scenario.Member) error {
	if wanted.ConsumerProtocol {
		return scenario.NotPossible("sarama has no consumer of the protocol of KIP-848")
	}
	config := config()
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	config.Consumer.Group.Session.Timeout = 6 * time.Second
	config.Consumer.Group.Heartbeat.Interval = 100 * time.Millisecond
	config.Consumer.Group.Rebalance.Retry.Backoff = 20 * time.Millisecond
	// Small fetches, so that a transaction has some records and not all.
	config.Consumer.Fetch.Default = 1024
	config.ChannelBufferSize = 20
	group, err := sarama.NewConsumerGroup(c.bootstrap, wanted.Group, config)
	if err != nil {
		return err
	}
	defer func() { _ = group.Close() }()
	producer, err := sarama.NewSyncProducer(c.bootstrap, producerConfig(wanted.TransactionalID))
	if err != nil {
		return err
	}
	defer func() { _ = producer.Close() }()
	m := &member{wanted, producer, make(chan struct{}, 1), make(chan error, 1)}
	for ctx.Err() == nil {
		err := group.Consume(ctx, []string{wanted.Input}, m)
		if err != nil && !errors.Is(err, sarama.ErrClosedConsumerGroup) && ctx.Err() == nil {
			return err
		}
		select {
		case err := <-m.failure:
			return err
		default:
		}
	}
	return nil
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	m.Assigned(len(session.Claims()[m.Input]))
	return nil
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error {
	m.Assigned(0)
	return nil
}

func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case <-session.Context().Done():
			return nil
		case message, open := <-claim.Messages():
			if !open {
				return nil
			}
			if err := m.oneTransaction(session, drained(message, claim)); err != nil {
				select {
				case m.failure <- err:
				default:
				}
				return err
			}
		}
	}
}

// drained is the message and those that are at hand behind it.
func drained(first *sarama.ConsumerMessage, claim sarama.ConsumerGroupClaim) []*sarama.ConsumerMessage {
	list := []*sarama.ConsumerMessage{first}
	for len(list) < 20 {
		select {
		case message, open := <-claim.Messages():
			if !open {
				return list
			}
			list = append(list, message)
		default:
			return list
		}
	}
	return list
}

func (m *member) oneTransaction(session sarama.ConsumerGroupSession, messages []*sarama.ConsumerMessage) error {
	m.turn <- struct{}{}
	defer func() { <-m.turn }()
	if session.Context().Err() != nil {
		return nil
	}
	if err := m.producer.BeginTxn(); err != nil {
		return err
	}
	var outputs []*sarama.ProducerMessage
	for _, message := range messages {
		outputs = append(outputs, &sarama.ProducerMessage{
			Topic: m.Output, Partition: message.Partition,
			Value: sarama.ByteEncoder(scenario.Transform(message.Value))})
	}
	if err := m.producer.SendMessages(outputs); err != nil {
		return err
	}
	last := messages[len(messages)-1]
	metadata := sarama.NewConsumerGroupMetadataFromSession(session, m.Group, nil)
	if err := m.producer.AddMessageToTxnWithGroupMetadata(last, metadata, nil); err != nil {
		return err
	}
	if err := m.producer.CommitTxn(); err != nil {
		if !movedOn(err) {
			return err
		}
		// The group moved on: the work is void, and the next session reads it again.
		return m.producer.AbortTxn()
	}
	m.Committed(len(messages))
	return nil
}

func movedOn(err error) bool {
	return errors.Is(err, sarama.ErrIllegalGeneration) || errors.Is(err, sarama.ErrUnknownMemberId) ||
		errors.Is(err, sarama.ErrRebalanceInProgress) || errors.Is(err, sarama.ErrFencedInstancedId)
}
