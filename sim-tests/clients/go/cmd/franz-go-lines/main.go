// franz-go, told what to do line by line: NUMBER STAGE SERVERS WHO VERB ...; answers NUMBER WHAT-IT-WAS-TOLD.
//
// The calls of one client of a stage are made in their order by a goroutine of their own.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const patience = 15 * time.Second

// So long that a batch holds one record.
var padding = []kgo.RecordHeader{{Key: "padding", Value: make([]byte, 600)}}

type client struct {
	calls   chan call
	servers []string
	name    string
	cl      *kgo.Client
	sent    []*promise
}

type call struct {
	number, verb string
	words        []string
}

// promise is what becomes of a record.
type promise struct {
	value string
	done  chan error
}

func main() {
	clients := make(map[string]*client)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		number, stage, servers, who, verb := words[0], words[1]+" ", words[2], words[3], words[4]
		if verb == "end" {
			for key, c := range clients {
				if strings.HasPrefix(key, stage) {
					close(c.calls)
					delete(clients, key)
				}
			}
			answer(number, "ok")
			continue
		}
		c := clients[stage+who]
		if c == nil {
			c = &client{calls: make(chan call, 16), servers: strings.Split(servers, ","), name: who}
			clients[stage+who] = c
			go c.run()
		}
		c.calls <- call{number, verb, words[5:]}
	}
}

func (c *client) run() {
	for call := range c.calls {
		told, err := c.made(call.verb, call.words)
		if err != nil {
			told = tell(err)
		}
		answer(call.number, told)
	}
	if c.cl != nil {
		c.cl.Close()
	}
}

var printing sync.Mutex

func answer(number, told string) {
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(number, strings.ReplaceAll(told, "\n", " "))
}

// tell gives a broker's error by its name, and any other in its own words.
func tell(err error) string {
	if known := (*kerr.Error)(nil); errors.As(err, &known) {
		return known.Message
	}
	return fmt.Sprintf("(%v)", err)
}

func (c *client) made(verb string, words []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if c.cl == nil && verb != "new" && verb != "orders" && verb != "more" {
		return "", errors.New("there is no client yet")
	}
	switch verb {
	case "new":
		return "ok", c.open(words)
	case "init":
		_, _, err := c.cl.ProducerID(ctx)
		return "ok", err
	case "begin":
		return "ok", c.cl.BeginTransaction()
	case "send":
		c.send(ctx, "orders", words)
		return "ok", nil
	case "send-more":
		c.send(ctx, "more", words)
		return "ok", nil
	case "flush":
		return c.flush(ctx)
	case "commit":
		return c.end(ctx, kgo.TryCommit)
	case "abort":
		return c.end(ctx, kgo.TryAbort)
	case "orders", "more":
		return c.read(ctx, verb)
	}
	return "", fmt.Errorf("no such verb: %s", verb)
}

// open makes the producer, with short waits.
func (c *client) open(settings []string) error {
	if c.cl != nil {
		c.cl.Close()
	}
	options := []kgo.Opt{
		kgo.ClientID(c.name), kgo.TransactionalID(c.name), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0), kgo.ProducerBatchMaxBytes(1024),
	}
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		number, _ := strconv.Atoi(value)
		ms := time.Duration(number) * time.Millisecond
		switch key {
		case "id":
			options = append(options, kgo.TransactionalID(value))
		case "transaction-timeout":
			options = append(options, kgo.TransactionTimeout(ms))
		case "request-timeout":
			// Produce has both.
			options = append(options, kgo.RequestTimeoutOverhead(ms/2), kgo.ProduceRequestTimeout(ms/2))
		case "delivery-timeout":
			options = append(options, kgo.RecordDeliveryTimeout(ms))
		}
	}
	cl, err := kgo.NewClient(append(c.base(), options...)...)
	c.cl = cl
	return err
}

func (c *client) base() []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(c.servers...), kgo.MetadataMinAge(10 * time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }),
		kgo.RequestRetries(1000), kgo.RetryTimeout(patience),
	}
}

func (c *client) send(ctx context.Context, topic string, values []string) {
	for _, value := range values {
		one := &promise{value, make(chan error, 1)}
		c.sent = append(c.sent, one)
		c.cl.Produce(context.WithoutCancel(ctx), &kgo.Record{Topic: topic, Value: []byte(value), Headers: padding},
			func(_ *kgo.Record, err error) { one.done <- err })
	}
}

// flush tells what was refused.
func (c *client) flush(ctx context.Context) (string, error) {
	if err := c.cl.Flush(ctx); err != nil {
		return "", err
	}
	var refused []string
	for _, one := range c.sent {
		if err := <-one.done; err != nil {
			refused = append(refused, one.value+":"+tell(err))
		}
	}
	c.sent = nil
	if len(refused) > 0 {
		return strings.Join(refused, " "), nil
	}
	return "ok", nil
}

// end: what is not flushed yet is flushed before a commit, and given up before an abort. What the documentation says
// of an error is told beside it: that one may abort, and that the outcome is not known.
func (c *client) end(ctx context.Context, try kgo.TransactionEndTry) (string, error) {
	if try == kgo.TryAbort {
		if err := c.cl.AbortBufferedRecords(ctx); err != nil {
			return "", err
		}
	} else if told, err := c.flush(ctx); err != nil || told != "ok" {
		return told + " abort", err
	}
	err := c.cl.EndTransaction(ctx, try)
	known := (*kerr.Error)(nil)
	switch {
	case err == nil:
		return "ok", nil
	case errors.Is(err, kerr.OperationNotAttempted), errors.Is(err, kerr.TransactionAbortable):
		return tell(err) + " abort", nil
	case !errors.As(err, &known), known.Retriable, known == kerr.UnknownServerError:
		return tell(err) + " unconfirmed abort", nil
	default:
		return "", err
	}
}

// read gives what read_committed sees, to the end. It sees control records too, so that it knows when it is there.
func (c *client) read(ctx context.Context, topic string) (string, error) {
	start := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(0)}}
	cl, err := kgo.NewClient(append(c.base(), kgo.ClientID("reader"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumePartitions(start), kgo.KeepControlRecords(), kgo.FetchMaxWait(10*time.Millisecond))...)
	if err != nil {
		return "", err
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, topic)
	if err != nil {
		return "", err
	}
	end, _ := ends.Lookup(topic, 0)
	if end.Err != nil {
		return "", end.Err
	}
	var values []string
	for position := int64(0); position < end.Offset; {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return "", err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			position = record.Offset + 1
			if !record.Attrs.IsControl() {
				values = append(values, string(record.Value))
			}
		})
	}
	if len(values) == 0 {
		return "nothing", nil
	}
	return strings.Join(values, " "), nil
}
