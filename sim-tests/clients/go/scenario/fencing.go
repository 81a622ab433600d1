package scenario

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// childArgument makes the program a child that opens a transaction and waits to be killed; its value is a prefix.
const childArgument = "--child-with-open-transaction"

// zombieFenced has a successor abort the open transaction; the zombie learns it by its commit, or by its next send.
func zombieFenced(s *Scope) {
	topic, version := s.Topic("topic", 1), s.Version()

	zombie := s.Transactional("by-commit")
	s.Must("begin", zombie.Begin())
	s.Send("zombie", zombie, Values(topic, 0, "zombie-1")...)
	successor := s.Transactional("by-commit")
	s.Must("begin", successor.Begin())
	s.Send("successor", successor, Values(topic, 0, "successor-1")...)
	s.Raises("the zombie's commit", s.Outcome(ZombieCommit, version), zombie.Commit(s))
	s.Must("the successor's commit", successor.Commit(s))

	second := s.Transactional("by-send")
	s.Must("begin", second.Begin())
	s.Send("zombie", second, Values(topic, 0, "zombie-2")...)
	replacement := s.Transactional("by-send")
	s.Raises("the zombie's send", s.Outcome(ZombieSend, version), second.Send(s, Values(topic, 0, "zombie-3")...))
	s.Raises("the zombie's abort", s.Outcome(ZombieAbort, version), second.Abort(s))
	if s.Outcome(ZombieAbort, version) == nil {
		s.Raises("the zombie's next transaction", s.Outcome(ZombieNext, version), wholeTransaction(s, second, topic, 0))
	}
	s.Transaction("replacement", replacement, Values(topic, 0, "successor-2")...)

	// Between the two records of each pair stands the abort's marker.
	s.Expect(Committed, topic, 0, 8, "2 successor-1", "6 successor-2")
	s.Expect(Uncommitted, topic, 0, 8, "0 zombie-1", "2 successor-1", "4 zombie-2", "6 successor-2")
}

// killedMidTransaction kills a process inside a transaction: it shows nothing and holds back nobody.
func killedMidTransaction(s *Scope) {
	topic := s.Topic("topic", 1)
	ctx, cancel := context.WithTimeout(s, 30*time.Second)
	defer cancel()
	process := exec.CommandContext(ctx, os.Args[0], "--bootstrap", s.Bootstrap, childArgument, s.name)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	s.Must("pipe", err)
	s.Must("start", process.Start())
	word, err := bufio.NewReader(out).ReadString('\n')
	// Kill is SIGKILL: the child says no goodbye to the cluster.
	_ = process.Process.Kill()
	_ = process.Wait()
	s.Must("the child's word", err)
	s.Equal("the child's word", "flushed\n", word)

	s.Expect(Committed, topic, 0, 0)
	s.Transaction("successor", s.Transactional("producer"), Values(topic, 0, "successor-1", "successor-2")...)
	s.Expect(Committed, topic, 0, 6, "3 successor-1", "4 successor-2")
	s.Expect(Uncommitted, topic, 0, 6, "0 child-1", "1 child-2", "3 successor-1", "4 successor-2")
}

// child is the killed process's whole life.
func child(client Client, prefix string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s := &Scope{Context: ctx, Client: client, name: prefix}
	err := caught(func() {
		producer := s.Transactional("producer")
		s.Must("begin", producer.Begin())
		s.Send("child", producer, Values(s.Named("topic"), 0, "child-1", "child-2")...)
	})
	if err != nil {
		fmt.Println(oneLine(err))
		os.Exit(1)
	}
	fmt.Println("flushed")
	time.Sleep(scenarioTime)
	os.Exit(1)
}

// transactionTimeout leaves three transactions open too long; their producers find out by three calls.
func transactionTimeout(s *Scope) {
	const count = 3
	topic, version := s.Topic("topic", count), s.Version()
	other := s.Transactional("other")
	late := make([]Producer, count)
	for p := range int32(count) {
		late[p] = s.Producer(ProducerOptions{
			TransactionalID: s.Named(fmt.Sprintf("late-%d", p)), TransactionTimeout: time.Second})
	}
	for p := range int32(count) {
		s.Must("begin", late[p].Begin())
		s.Send("late", late[p], Values(topic, p, "late")...)
	}
	var records []Record
	for p := range int32(count) {
		records = append(records, Values(topic, p, "other")...)
	}
	s.Transaction("other", other, records...)
	for p := range int32(count) {
		// The read waits for the last stable offset to pass the aborted record.
		s.takes(Committed, topic, p, 0, "1 other")
		// Offsets: the late record, the other's and its marker, the abort's marker.
		s.Expect(Committed, topic, p, 4, "1 other")
	}

	s.Raises("the late commit", s.Outcome(TimedOutCommit, version), late[0].Commit(s))
	s.Raises("the late abort", s.Outcome(TimedOutAbort, version), late[1].Abort(s))
	s.Raises("the late send", s.Outcome(TimedOutSend, version), late[2].Send(s, Values(topic, 2, "too late")...))
	s.Raises("the abort after it", s.Outcome(AbortAfterTimedOutSend, version), late[2].Abort(s))

	nextAfterTimeout(s, late[1], topic, 1, TimedOutAbort, NextAfterTimedOutAbort)
	nextAfterTimeout(s, late[2], topic, 2, AbortAfterTimedOutSend, NextAfterTimedOutSend)
	s.Transaction("successor", s.Transactional("late-0"), Values(topic, 0, "successor")...)
	s.Expect(Committed, topic, 0, 6, "1 other", "4 successor")
	if version >= 2 && s.Outcome(TimedOutAbort, version) != nil {
		s.Note("fenced for good: the client does not speak EndTxn 5")
	}
}

// nextAfterTimeout tries whether a producer whose abort succeeded can go on.
func nextAfterTimeout(s *Scope, late Producer, topic string, partition int32, abort, next LateCall) {
	if s.Outcome(abort, s.Version()) != nil {
		return
	}
	outcome := s.Outcome(next, s.Version())
	s.Raises(fmt.Sprintf("the next transaction of producer %d", partition), outcome,
		wholeTransaction(s, late, topic, partition))
	if outcome == nil {
		s.Expect(Committed, topic, partition, 6, "1 other", "4 next")
	} else {
		s.Expect(Committed, topic, partition, 4, "1 other")
	}
}

func wholeTransaction(s *Scope, producer Producer, topic string, partition int32) error {
	if err := producer.Begin(); err != nil {
		return err
	}
	if err := producer.Send(s, Values(topic, partition, "next")...); err != nil {
		return err
	}
	return producer.Commit(s)
}
