// Package example takes a real client through a fault.
package example

import (
	"context"
	"slices"
	"testing"
	"time"

	"fencepost/fenceposttest"

	"github.com/twmb/franz-go/pkg/kgo"
)

const plan = `
	[[fault]]
	name = "answer lost"
	on = "EndTxn"
	client = "orders"
	when = "applied"
	do = "disconnect"
`

// EndTxn takes effect, and its answer is lost: the client asks again, and there is one copy of the record.
func TestACommitWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cluster := fenceposttest.Start(t, fenceposttest.Options{Topics: map[string]int{"orders": 1}})
	cluster.AddFaults(plan)
	producer, err := kgo.NewClient(kgo.SeedBrokers(cluster.BootstrapServers()...), kgo.ClientID("orders"),
		kgo.TransactionalID("orders-1"), kgo.DefaultProduceTopic("orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()

	transaction(ctx, t, producer, "order 1") // its EndTxn meets the fault, and is sent again
	if fault := cluster.Hit("answer lost"); fault.Fired != 1 || fault.Matched < 2 {
		t.Fatalf("%+v", fault)
	}
	transaction(ctx, t, producer, "order 2") // the producer can go on

	values := committed(ctx, t, cluster, "order 2")
	if !slices.Equal(values, []string{"order 1", "order 2"}) {
		t.Fatalf("committed: %q", values)
	}
}

func transaction(ctx context.Context, t *testing.T, producer *kgo.Client, value string) {
	t.Helper()
	if err := producer.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := producer.ProduceSync(ctx, kgo.StringRecord(value)).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := producer.EndTransaction(ctx, kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
}

// committed is what read_committed shows, up to and with the value `until`.
func committed(ctx context.Context, t *testing.T, cluster *fenceposttest.Cluster, until string) []string {
	t.Helper()
	consumer, err := kgo.NewClient(kgo.SeedBrokers(cluster.BootstrapServers()...), kgo.ConsumeTopics("orders"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close()
	var values []string
	for !slices.Contains(values, until) {
		fetches := consumer.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %q: %v", values, err)
		}
		fetches.EachRecord(func(record *kgo.Record) { values = append(values, string(record.Value)) })
	}
	return values
}
