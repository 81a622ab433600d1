// Package scenario holds the common list of scenarios, written once for all clients of this language.
package scenario

import (
	"context"
	"errors"
	"time"
)

// Client is what a scenario needs of a client library. Each method does its work with that library alone.
type Client interface {
	// CreateTopic creates a topic with the cluster's default replication and waits until it has leaders.
	CreateTopic(ctx context.Context, topic string, partitions int32) error
	// TransactionVersion is the finalised transaction.version, 0 when the client cannot tell.
	TransactionVersion(ctx context.Context) (int, error)
	// NewProducer makes a producer; a transactional one has been initialised when this returns.
	NewProducer(ctx context.Context, options ProducerOptions) (Producer, error)
	// EndOffset is the partition's end at this isolation level.
	EndOffset(ctx context.Context, isolation Isolation, topic string, partition int32) (int64, error)
	// Read returns every record that this isolation level shows, and reads to the end offset, past control
	// batches. A client that does not show its position reads expected records and then waits for one more.
	Read(ctx context.Context, isolation Isolation, topic string, partition int32, expected int) ([]Record, error)
	// Take reads from an offset until it has count records or the context is done.
	Take(ctx context.Context, isolation Isolation, topic string, partition int32, from int64, count int) ([]Record, error)
	// Process copies records from one topic to another, offsets in the transaction, until the context is done.
	Process(ctx context.Context, member Member) error
	// CommittedOffsets are a group's offsets of the partitions from 0 on.
	CommittedOffsets(ctx context.Context, group, topic string, partitions int32) ([]int64, error)
	// Outcome is the error that a call of a late producer must give, or nil when it must succeed.
	Outcome(call LateCall, transactionVersion int) error
	// Admin is the scenario of that name, which has little in common between clients.
	Admin(s *Scope)
}

// Producer is one producer; it is used by one goroutine at a time.
type Producer interface {
	// Begin fails with ErrFenced when the client was told so while it got ready for this transaction.
	Begin() error
	// Send returns when every record is acknowledged, or with the first error.
	Send(ctx context.Context, records ...Record) error
	// Commit fails with ErrUnconfirmed when the client cannot tell whether the transaction is committed, and wants it
	// aborted before the next; so does Abort when it wants to be called again.
	Commit(ctx context.Context) error
	Abort(ctx context.Context) error
	Close()
}

// ErrUnconfirmed is an end of a transaction of which nobody can tell but by reading.
var ErrUnconfirmed = errors.New("the outcome of the transaction is unknown")

// ErrFenced is a producer whose epoch is over, by the coordinator's word.
var ErrFenced = errors.New("fenced")

// ProducerOptions says what a scenario wants of a producer; zero values are the library's defaults.
type ProducerOptions struct {
	// TransactionalID is empty for an idempotent producer.
	TransactionalID    string
	TransactionTimeout time.Duration
	// Codec is none, gzip, snappy, lz4 or zstd.
	Codec string
}

// Isolation is a consumer's isolation level.
type Isolation bool

const (
	// Uncommitted shows all records.
	Uncommitted Isolation = false
	// Committed shows records of committed transactions, up to the last stable offset.
	Committed Isolation = true
)

func (i Isolation) String() string {
	if i == Committed {
		return "read_committed"
	}
	return "read_uncommitted"
}

// Record is one record, sent or read; nil and empty differ in key and value.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	Key       []byte
	Value     []byte
	Headers   []Header
	// Timestamp is not set (zero) when the client is to take its own time.
	Timestamp time.Time
}

// Header is a record header; keys may repeat.
type Header struct {
	Key   string
	Value []byte
}

// Member is one member of a consume-transform-produce pipeline.
type Member struct {
	Group            string
	Input            string
	Output           string
	TransactionalID  string
	ConsumerProtocol bool
	// InTransaction, unless nil, is called in the middle of each transaction, with its records acknowledged.
	InTransaction func() error
	// Assigned is called with the number of partitions after each change.
	Assigned func(partitions int)
	// Committed is called with the number of records of each committed transaction.
	Committed func(records int)
}

// GroupWorker is a client whose group members work without transactions too.
type GroupWorker interface {
	// Work processes records and commits what is processed after every poll, until the context is done.
	Work(ctx context.Context, worker Worker) error
}

// Worker is one group member without transactions.
type Worker struct {
	Group            string
	Topic            string
	ConsumerProtocol bool
	// Assigned is called with the number of partitions after each change.
	Assigned func(partitions int)
	// Processed is called with each record.
	Processed func(partition int32, offset int64)
	// Committed is called with each position that the coordinator has acknowledged.
	Committed func(partition int32, offset int64)
}

// Transform is what the pipeline does to a value.
func Transform(value []byte) []byte {
	return append([]byte("out-"), value...)
}

// LateCall is a call of a producer whose transaction is no longer its own.
type LateCall int

const (
	// ZombieCommit commits after a successor took the transactional id.
	ZombieCommit LateCall = iota
	// ZombieSend sends after a successor took the transactional id.
	ZombieSend
	// ZombieAbort aborts after ZombieSend failed.
	ZombieAbort
	// ZombieNext is a whole transaction after a ZombieAbort that succeeded.
	ZombieNext
	// TimedOutCommit commits after the coordinator aborted the transaction.
	TimedOutCommit
	// TimedOutAbort aborts after the coordinator aborted the transaction.
	TimedOutAbort
	// NextAfterTimedOutAbort is a whole transaction after a TimedOutAbort that succeeded.
	NextAfterTimedOutAbort
	// TimedOutSend sends after the coordinator aborted the transaction.
	TimedOutSend
	// AbortAfterTimedOutSend aborts after TimedOutSend failed.
	AbortAfterTimedOutSend
	// NextAfterTimedOutSend is a whole transaction after an AbortAfterTimedOutSend that succeeded.
	NextAfterTimedOutSend
)

// NotPossible is the reason why a client cannot do a scenario.
type NotPossible string

func (n NotPossible) Error() string { return string(n) }
