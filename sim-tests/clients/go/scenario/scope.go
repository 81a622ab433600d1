package scenario

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"
)

// Scope is the cluster as one scenario sees it: names of its own, and producers that are closed when it ends.
// Its checks end the scenario by a panic that the runner turns into the scenario's line.
type Scope struct {
	context.Context
	Client
	Bootstrap string
	Control   *Control

	name               string
	transactionVersion int
	mutex              sync.Mutex
	closers            []func()
	notes              []string
}

type failure string

// Named is a topic, group or transactional id of this scenario alone.
func (s *Scope) Named(suffix string) string { return s.name + "-" + suffix }

// Version is the transaction.version that the cluster has.
func (s *Scope) Version() int {
	finalised, err := s.TransactionVersion(s)
	s.Must("features", err)
	if finalised == 0 {
		finalised = s.transactionVersion
	}
	if s.transactionVersion != 0 {
		s.Equal("finalised transaction.version", s.transactionVersion, finalised)
	}
	return finalised
}

// Topic creates a topic of this scenario.
func (s *Scope) Topic(suffix string, partitions int32) string {
	topic := s.Named(suffix)
	s.Must("create "+topic, s.CreateTopic(s, topic, partitions))
	return topic
}

// Producer makes an idempotent producer.
func (s *Scope) Producer(options ProducerOptions) Producer {
	producer, err := s.NewProducer(s, options)
	s.Must("producer "+options.TransactionalID, err)
	s.OnClose(producer.Close)
	return producer
}

// Transactional makes a producer that has been initialised.
func (s *Scope) Transactional(suffix string) Producer {
	return s.Producer(ProducerOptions{TransactionalID: s.Named(suffix)})
}

// Note says what this client cannot do of the scenario.
func (s *Scope) Note(text string) {
	if !slices.Contains(s.notes, text) {
		s.notes = append(s.notes, text)
	}
}

// OnClose runs a function when the scenario ends, the last one first.
func (s *Scope) OnClose(closer func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.closers = append(s.closers, closer)
}

func (s *Scope) close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, closer := range slices.Backward(s.closers) {
		closer()
	}
}

// Fail ends the scenario.
func (s *Scope) Fail(format string, arguments ...any) {
	panic(failure(fmt.Sprintf(format, arguments...)))
}

// Must ends the scenario on an error.
func (s *Scope) Must(what string, err error) {
	var impossible NotPossible
	if errors.As(err, &impossible) {
		panic(impossible)
	}
	if err != nil {
		s.Fail("%s: %v", what, err)
	}
}

// Equal ends the scenario unless both are deeply equal.
func (s *Scope) Equal(what string, expected, got any) {
	if !reflect.DeepEqual(expected, got) {
		s.Fail("%s: expected %v, got %v", what, expected, got)
	}
}

// Raises ends the scenario unless the error is the expected one, which may be nil.
func (s *Scope) Raises(what string, expected, got error) {
	if !errors.Is(got, expected) {
		s.Fail("%s: expected error %v, got %v", what, expected, got)
	}
}

// Eventually polls until the condition holds.
func (s *Scope) Eventually(what string, condition func() (bool, string)) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		holds, seen := condition()
		if holds {
			return
		}
		if time.Now().After(deadline) {
			s.Fail("%s: not within 20 s, last seen %s", what, seen)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Transaction sends records in a transaction of their own and commits it.
func (s *Scope) Transaction(what string, producer Producer, records ...Record) {
	s.Must(what+": begin", producer.Begin())
	s.Send(what, producer, records...)
	s.Must(what+": commit", producer.Commit(s))
}

// Send sends records and awaits their acknowledgements.
func (s *Scope) Send(what string, producer Producer, records ...Record) {
	s.Must(what+": send", producer.Send(s, records...))
}

// Expect awaits a partition's end, because a commit returns before its markers are written, and compares the
// records, each as "offset value".
func (s *Scope) Expect(isolation Isolation, topic string, partition int32, end int64, lines ...string) {
	what := fmt.Sprintf("%v of %s/%d", isolation, topic, partition)
	s.Eventually(fmt.Sprintf("end %d, %s", end, what), func() (bool, string) {
		got, err := s.EndOffset(s, isolation, topic, partition)
		s.Must("end, "+what, err)
		return got == end, fmt.Sprint(got)
	})
	records, err := s.Read(s, isolation, topic, partition, len(lines))
	s.Must(what, err)
	s.Lines(what, records, lines...)
}

// Settled awaits that no transaction is open on the partition. A connection that a crash has cut fails once.
func (s *Scope) Settled(topic string, partition int32) {
	s.Eventually(fmt.Sprintf("no open transaction on %s/%d", topic, partition), func() (bool, string) {
		stable, err := s.EndOffset(s, Committed, topic, partition)
		if err != nil {
			return false, err.Error()
		}
		end, err := s.EndOffset(s, Uncommitted, topic, partition)
		if err != nil {
			return false, err.Error()
		}
		return stable == end, fmt.Sprintf("last stable offset %d, end %d", stable, end)
	})
}

// Lines compares records as "offset value".
func (s *Scope) Lines(what string, records []Record, lines ...string) {
	got := make([]string, 0, len(records))
	for _, record := range records {
		got = append(got, fmt.Sprintf("%d %s", record.Offset, record.Value))
	}
	if !slices.Equal(lines, got) {
		s.Fail("%s: expected %v, got %v", what, lines, got)
	}
}

// Values are records of one partition with these values.
func Values(topic string, partition int32, values ...string) []Record {
	records := make([]Record, 0, len(values))
	for _, value := range values {
		records = append(records, Record{Topic: topic, Partition: partition, Value: []byte(value)})
	}
	return records
}
