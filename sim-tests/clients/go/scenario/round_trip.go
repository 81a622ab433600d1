package scenario

import (
	"fmt"
	"time"
)

// firstTimestamp is of today, so that retention leaves the records alone.
var firstTimestamp = time.UnixMilli(time.Now().UnixMilli()).Add(-time.Minute)

// roundTrip sends records of every shape through one codec and reads them back unchanged.
func roundTrip(s *Scope, codec string) {
	const count, partitions = 200, 3
	topic := s.Topic("topic", partitions)
	sent := make([][]Record, partitions)
	var inTurn []Record
	for i := range count {
		record := shaped(i)
		record.Topic, record.Partition = topic, int32(i%partitions)
		record.Offset = int64(len(sent[record.Partition]))
		sent[record.Partition] = append(sent[record.Partition], record)
		inTurn = append(inTurn, record)
	}
	s.Send("records", s.Producer(ProducerOptions{Codec: codec}), inTurn...)
	for partition, expected := range sent {
		got, err := s.Read(s, Uncommitted, topic, int32(partition), len(expected))
		s.Must("read", err)
		s.Equal("records read", len(expected), len(got))
		for i := range expected {
			if text(expected[i]) != text(got[i]) {
				s.Fail("expected %s, got %s", text(expected[i]), text(got[i]))
			}
		}
	}
}

// shaped is a record whose key, value and headers depend on its number.
func shaped(i int) Record {
	record := Record{
		Key:       fmt.Appendf(nil, "key-%d", i),
		Value:     fmt.Appendf(nil, "value-%d-%0100d", i, i),
		Timestamp: firstTimestamp.Add(time.Duration(i) * 7 * time.Millisecond),
	}
	switch i % 5 {
	case 1:
		record.Key = nil
	case 2:
		record.Value = nil
	case 3:
		record.Value = []byte{}
	case 4:
		record.Key = []byte{}
	}
	for h := range i % 4 {
		// From the second on the key repeats, and the values are empty or null.
		key := "header"
		if h == 0 {
			key = "first"
		}
		value := fmt.Appendf(nil, "h-%d", i)
		if h == 1 {
			value = []byte{}
		}
		if h == 2 {
			value = nil
		}
		record.Headers = append(record.Headers, Header{Key: key, Value: value})
	}
	return record
}

func text(r Record) string {
	line := fmt.Sprintf("%d/%d key %s value %s at %d", r.Partition, r.Offset, bytes(r.Key), bytes(r.Value),
		r.Timestamp.UnixMilli())
	for _, header := range r.Headers {
		line += fmt.Sprintf(" %s=%s", header.Key, bytes(header.Value))
	}
	return line
}

func bytes(b []byte) string {
	if b == nil {
		return "null"
	}
	return fmt.Sprintf("%q", b)
}

// idempotent sends 10,000 records to one partition and reads each once, in order.
func idempotent(s *Scope) {
	const count = 10_000
	topic := s.Topic("topic", 1)
	sendNumbered(s, s.Producer(ProducerOptions{}), topic, count)
	expectNumbered(s, Uncommitted, topic, count)
}

func sendNumbered(s *Scope, producer Producer, topic string, count int) {
	const chunk = 10_000
	for from := 0; from < count; from += chunk {
		var records []Record
		for i := from; i < min(from+chunk, count); i++ {
			records = append(records, Record{Topic: topic, Value: fmt.Appendf(nil, "%0100d", i)})
		}
		s.Send("records", producer, records...)
	}
}

func expectNumbered(s *Scope, isolation Isolation, topic string, count int) {
	s.Settled(topic, 0)
	got, err := s.Read(s, isolation, topic, 0, count)
	s.Must("read", err)
	s.Equal("records read", count, len(got))
	for i, record := range got {
		if int64(i) != record.Offset || fmt.Sprintf("%0100d", i) != string(record.Value) {
			s.Fail("record %d: got offset %d, value %s", i, record.Offset, record.Value)
		}
	}
}

// transaction100000 commits 100,000 records of 100 bytes at once.
func transaction100000(s *Scope) {
	const count = 100_000
	topic := s.Topic("topic", 1)
	producer := s.Transactional("producer")
	s.Must("begin", producer.Begin())
	sendNumbered(s, producer, topic, count)
	s.Must("commit", producer.Commit(s))
	expectNumbered(s, Committed, topic, count)
}
