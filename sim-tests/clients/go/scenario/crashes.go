package scenario

import (
	"errors"
	"fmt"
	"slices"
)

const (
	crashPartitions = 2
	crashRounds     = 3
)

// trouble is what happens to the cluster, again and again.
type trouble struct {
	prepare, strike, heal func()
}

// crashCoordinator crashes the broker that coordinates the transaction.
func crashCoordinator(s *Scope) {
	topic, victim := s.Topic("topic", crashPartitions), 0
	s.transactionsInTrouble(topic, trouble{
		prepare: func() {
			victim = s.Control.Coordinator(transactions, s.Named("producer"))
			s.Control.ClearTopic(victim, topic)
		},
		strike: func() { s.Control.Crash(victim) },
		heal:   func() { s.Control.Restart(victim) },
	})
}

// crashLeader crashes the broker that leads the transaction's partitions.
func crashLeader(s *Scope) {
	topic, victim := s.Topic("topic", crashPartitions), 0
	s.transactionsInTrouble(topic, trouble{
		prepare: func() {
			victim = s.Control.Leaders(topic)[0]
			for partition := range crashPartitions {
				s.Control.Elect(topic, partition, victim)
			}
			s.Control.ClearTransactions(victim, s.Named("producer"))
		},
		strike: func() { s.Control.Crash(victim) },
		heal:   func() { s.Control.Restart(victim) },
	})
}

// movedCoordinator moves the coordinator to another broker, and back; nobody crashes.
func movedCoordinator(s *Scope) {
	topic, home := s.Topic("topic", crashPartitions), 0
	s.transactionsInTrouble(topic, trouble{
		prepare: func() { home = s.Control.Coordinator(transactions, s.Named("producer")) },
		strike:  func() { s.Control.Move(transactions, s.Named("producer"), s.Control.Other(home)) },
		heal:    func() { s.Control.Move(transactions, s.Named("producer"), home) },
	})
}

// transactionsInTrouble has the cluster in trouble while transactions are open; the client just goes on.
func (s *Scope) transactionsInTrouble(topic string, trouble trouble) {
	t := &transactionsInTrouble{scope: s, topic: topic, producer: s.Transactional("producer")}
	t.transaction("before")
	trouble.prepare()
	t.begin()
	t.send("open-1")
	trouble.strike()
	t.send("open-2")
	t.commit()
	t.transaction("in-trouble")
	trouble.heal()
	t.transaction("healed")
	// The trouble comes while the client sends, commits or aborts: whichever comes first.
	for round := range crashRounds {
		trouble.prepare()
		t.begin()
		t.send(fmt.Sprint("first-", round))
		struck := make(chan error, 1)
		go func() { struck <- caught(trouble.strike) }()
		t.send(fmt.Sprint("second-", round))
		if round == 1 {
			t.abort()
		} else {
			t.commit()
		}
		s.Must("trouble", <-struck)
		trouble.heal()
	}
	t.transaction("after")
	for partition := range int32(crashPartitions) {
		s.Settled(topic, partition)
		s.Equal(fmt.Sprint("read_committed, partition ", partition), t.committed, s.values(Committed, topic, partition))
		s.Equal(fmt.Sprint("read_uncommitted, partition ", partition), t.all, s.values(Uncommitted, topic, partition))
	}
}

// transactionsInTrouble sends each value to each partition and knows what must be there.
type transactionsInTrouble struct {
	scope    *Scope
	topic    string
	producer Producer
	// unconfirmed says that nobody told the client what became of its last commit.
	unconfirmed bool
	// open are the values of the present transaction.
	open, committed, all []string
}

// begin begins a transaction. A client that was to abort what nobody confirmed has asked for a new epoch with the old
// one. If the transaction was open still, that request fences itself (INIT-13: the abort raises the epoch, and then the
// old one is nobody's); if it was ended at version 2, so does a coordinator that has failed over since, which does not
// know the epoch before the end's (FAILOVER-09). The producer is then to be replaced.
func (t *transactionsInTrouble) begin() {
	s := t.scope
	err := t.producer.Begin()
	if t.unconfirmed && errors.Is(err, ErrFenced) {
		s.Note("fenced by its own request for a new epoch, as by Kafka, and replaced")
		t.producer = s.Transactional("producer")
		err = t.producer.Begin()
	}
	s.Must("begin", err)
	t.unconfirmed, t.open = false, nil
}

func (t *transactionsInTrouble) send(value string) {
	for partition := range int32(crashPartitions) {
		t.scope.Send(value, t.producer, Values(t.topic, partition, value)...)
	}
	t.open = append(t.open, value)
	t.all = append(t.all, value)
}

// commit commits. Where the client wants the transaction aborted, because it cannot tell what became of the commit, the
// records say: they are all there, or none is and they are sent again.
func (t *transactionsInTrouble) commit() {
	s := t.scope
	err := t.producer.Commit(s)
	if errors.Is(err, ErrUnconfirmed) {
		s.Note("a commit that was cut off is aborted by the client, looked up, and sent again if it is not there")
		t.unconfirmed = true
		t.abort()
		if !t.isThere() {
			again := t.open
			t.begin()
			for _, value := range again {
				t.send(value)
			}
			t.commit()
			return
		}
	} else {
		s.Must("commit", err)
	}
	t.committed = append(t.committed, t.open...)
}

// abort aborts, again if the client asks for it.
func (t *transactionsInTrouble) abort() {
	err := t.producer.Abort(t.scope)
	for tries := 0; errors.Is(err, ErrUnconfirmed) && tries < 10; tries++ {
		t.unconfirmed = true
		err = t.producer.Abort(t.scope)
	}
	t.scope.Must("abort", err)
}

func (t *transactionsInTrouble) isThere() bool {
	var there [crashPartitions]bool
	for partition := range there {
		t.scope.Settled(t.topic, int32(partition))
		values := t.scope.values(Committed, t.topic, int32(partition))
		count := 0
		for _, value := range t.open {
			if slices.Contains(values, value) {
				count++
			}
		}
		if count != 0 && count != len(t.open) {
			t.scope.Fail("of %v only %d are committed in partition %d", t.open, count, partition)
		}
		there[partition] = count != 0
	}
	if there[0] != there[1] {
		t.scope.Fail("%v is committed in one partition only", t.open)
	}
	return there[0]
}

func (t *transactionsInTrouble) transaction(value string) {
	t.begin()
	t.send(value)
	t.commit()
}

// values are all that an isolation level shows of a partition.
func (s *Scope) values(isolation Isolation, topic string, partition int32) []string {
	records, err := s.Read(s, isolation, topic, partition, 0)
	s.Must("read", err)
	var values []string
	for _, record := range records {
		values = append(values, string(record.Value))
	}
	return values
}
