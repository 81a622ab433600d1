package scenario

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// commitAndAbort runs three transactions over three partitions of two topics; the middle one is aborted.
func commitAndAbort(s *Scope) {
	two, one := s.Topic("two", 2), s.Topic("one", 1)
	places := []Record{{Topic: two, Partition: 0}, {Topic: two, Partition: 1}, {Topic: one, Partition: 0}}
	producer := s.Transactional("producer")
	for _, name := range []string{"first", "aborted", "third"} {
		s.Must("begin", producer.Begin())
		for p, place := range places {
			s.Send(name, producer, Values(place.Topic, place.Partition,
				fmt.Sprintf("%s-%d-a", name, p), fmt.Sprintf("%s-%d-b", name, p))...)
		}
		if name == "aborted" {
			s.Must("abort", producer.Abort(s))
		} else {
			s.Must("commit", producer.Commit(s))
		}
	}
	plain := s.Producer(ProducerOptions{})
	for p, place := range places {
		line := func(offset int, name, suffix string) string {
			return fmt.Sprintf("%d %s-%d-%s", offset, name, p, suffix)
		}
		// Two records and a marker for each transaction: the ninth offset is the end at both levels.
		committed := []string{line(0, "first", "a"), line(1, "first", "b"), line(6, "third", "a"), line(7, "third", "b")}
		every := slices.Concat(committed[:2],
			[]string{line(3, "aborted", "a"), line(4, "aborted", "b")}, committed[2:])
		s.Expect(Committed, place.Topic, place.Partition, 9, committed...)
		s.Expect(Uncommitted, place.Topic, place.Partition, 9, every...)
		// A reader gets past the markers to what comes after them.
		s.Send("last", plain, Values(place.Topic, place.Partition, "last")...)
		s.takes(Committed, place.Topic, place.Partition, 0, append(committed, "9 last")...)
		s.takes(Uncommitted, place.Topic, place.Partition, 0, append(every, "9 last")...)
	}
}

func (s *Scope) takes(isolation Isolation, topic string, partition int32, from int64, lines ...string) {
	ctx, cancel := context.WithTimeout(s, 20*time.Second)
	defer cancel()
	got, err := s.Take(ctx, isolation, topic, partition, from, len(lines))
	s.Must("take", err)
	s.Lines(fmt.Sprintf("%v from %d", isolation, from), got, lines...)
}

// interleavedProducers has two producers alternate on the same partitions; one commits, one aborts, then the
// other way round.
func interleavedProducers(s *Scope) {
	topic := s.Topic("topic", 2)
	left, right := s.Transactional("left"), s.Transactional("right")
	for round := range 2 {
		s.Must("begin left", left.Begin())
		s.Must("begin right", right.Begin())
		for turn := range 3 {
			for partition := range int32(2) {
				s.Send("left", left, Values(topic, partition, fmt.Sprintf("left-%d%d", round, turn))...)
				s.Send("right", right, Values(topic, partition, fmt.Sprintf("right-%d%d", round, turn))...)
			}
		}
		winner, loser := left, right
		if round == 1 {
			winner, loser = right, left
		}
		s.Must("commit", winner.Commit(s))
		s.Must("abort", loser.Abort(s))
	}
	for partition := range int32(2) {
		s.Expect(Committed, topic, partition, 16,
			"0 left-00", "2 left-01", "4 left-02", "9 right-10", "11 right-11", "13 right-12")
		s.Expect(Uncommitted, topic, partition, 16,
			"0 left-00", "1 right-00", "2 left-01", "3 right-01", "4 left-02", "5 right-02",
			"8 left-10", "9 right-10", "10 left-11", "11 right-11", "12 left-12", "13 right-12")
	}
}

// openTransactionHoldsBack hides a committed transaction behind an earlier open one.
func openTransactionHoldsBack(s *Scope) {
	topic := s.Topic("topic", 1)
	open, later := s.Transactional("open"), s.Transactional("later")
	s.Transaction("before", later, Values(topic, 0, "before")...)
	s.Must("begin", open.Begin())
	s.Send("open", open, Values(topic, 0, "open-1", "open-2")...)
	s.Transaction("later", later, Values(topic, 0, "later-1", "later-2")...)

	s.Expect(Committed, topic, 0, 2, "0 before")
	s.Expect(Uncommitted, topic, 0, 7, "0 before", "2 open-1", "3 open-2", "4 later-1", "5 later-2")
	briefly, cancel := context.WithTimeout(s, 300*time.Millisecond)
	defer cancel()
	got, err := s.Take(briefly, Committed, topic, 0, 2, 1)
	s.Must("take while open", err)
	s.Lines("past the last stable offset", got)

	s.Must("commit", open.Commit(s))
	s.takes(Committed, topic, 0, 2, "2 open-1", "3 open-2", "4 later-1", "5 later-2")
	s.Expect(Committed, topic, 0, 8, "0 before", "2 open-1", "3 open-2", "4 later-1", "5 later-2")
}

// fiftyProducers run at once, each with a committed, an aborted and a committed transaction.
func fiftyProducers(s *Scope) {
	const producers, partitions, each = 50, 3, 5
	topic := s.Topic("topic", partitions)
	var group sync.WaitGroup
	failures := make(chan error, producers)
	for number := range producers {
		group.Go(func() {
			if err := caught(func() { threeTransactions(s, topic, number, partitions, each) }); err != nil {
				failures <- err
			}
		})
	}
	group.Wait()
	close(failures)
	for err := range failures {
		s.Fail("%v", err)
	}
	expected := make([][]string, partitions)
	for number := range producers {
		for i := range each {
			for _, transaction := range []int{0, 2} {
				expected[i%partitions] = append(expected[i%partitions], numbered(number, transaction, i))
			}
		}
	}
	for partition, want := range expected {
		s.Settled(topic, int32(partition))
		records, err := s.Read(s, Committed, topic, int32(partition), len(want))
		s.Must("read", err)
		var got []string
		for _, record := range records {
			got = append(got, string(record.Value))
		}
		slices.Sort(want)
		slices.Sort(got)
		s.Equal("committed values", want, got)
	}
}

func threeTransactions(s *Scope, topic string, number, partitions, each int) {
	producer := s.Transactional(fmt.Sprintf("producer-%d", number))
	for transaction := range 3 {
		s.Must("begin", producer.Begin())
		var records []Record
		for i := range each {
			records = append(records, Values(topic, int32(i%partitions), numbered(number, transaction, i))...)
		}
		s.Send("records", producer, records...)
		if transaction == 1 {
			s.Must("abort", producer.Abort(s))
		} else {
			s.Must("commit", producer.Commit(s))
		}
	}
}

func numbered(producer, transaction, i int) string {
	return fmt.Sprintf("%02d/%d/%d", producer, transaction, i)
}
