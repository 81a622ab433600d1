package scenario

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// crashGroupCoordinator crashes the group coordinator in the middle of each member's transaction; the second
// joins while it is down.
func crashGroupCoordinator(s *Scope) {
	p := s.pipeline(false)
	ctx, stop := context.WithCancel(s)
	defer stop()
	crashes := []*crash{{scope: s, pipeline: p}, {scope: s, pipeline: p}}
	p.produce(0)
	first := p.start(ctx, "member-1", crashes[0].call)
	s.Eventually("the first member's work", func() (bool, string) {
		s.running(first)
		return first.committed.Load() > 0, "none"
	})
	crashes[0].wanted.Store(true)
	s.Eventually("a crash in its transaction", func() (bool, string) {
		s.running(first)
		return crashes[0].done.Load(), "none"
	})
	second := p.start(ctx, "member-2", crashes[1].call)
	p.shared(first, second)
	s.Control.Restart(crashes[0].victim)
	crashes[1].wanted.Store(true)
	p.produce(half)
	s.Eventually("a crash in the second's transaction", func() (bool, string) {
		s.running(second)
		return crashes[1].done.Load(), "none"
	})
	s.Control.Restart(crashes[1].victim)
	p.finish(stop, first, second)
}

// crash crashes the group coordinator, and nothing else that the members use, when it is wanted and called.
type crash struct {
	scope        *Scope
	pipeline     *pipeline
	victim       int
	wanted, done atomic.Bool
}

func (c *crash) call() error {
	if !c.wanted.Load() || c.done.Load() {
		return nil
	}
	return caught(func() {
		control := c.scope.Control
		c.victim = control.Coordinator(groups, c.scope.Named("group"))
		control.ClearTopic(c.victim, c.pipeline.input)
		control.ClearTopic(c.victim, c.pipeline.output)
		control.ClearTransactions(c.victim, c.scope.Named("member-1"))
		control.ClearTransactions(c.victim, c.scope.Named("member-2"))
		control.Crash(c.victim)
		c.done.Store(true)
	})
}

const (
	workPartitions = 6
	workRecords    = 120
)

// rebalanceUnderCrash has members without transactions: each record is processed, and no acknowledged position is
// lost.
func rebalanceUnderCrash(s *Scope, consumerProtocol bool) {
	client := s.Client.(GroupWorker)
	control, group := s.Control, s.Named("group")
	topic := s.Topic("topic", workPartitions)
	source := s.Producer(ProducerOptions{})
	produce := func(from, to int) {
		for i := from; i < to; i++ {
			s.Send("input", source, Values(topic, int32(i%workPartitions), fmt.Sprint(i))...)
		}
	}
	ledger := &ledger{processed: map[place]bool{}, committed: map[int32]int64{}}
	var members []*worker
	join := func() {
		ctx, stop := context.WithCancel(s)
		s.OnClose(stop)
		w := &worker{stop: stop, done: make(chan struct{})}
		members = append(members, w)
		go func() {
			defer close(w.done)
			w.err = client.Work(ctx, Worker{
				Group: group, Topic: topic, ConsumerProtocol: consumerProtocol,
				Assigned:  func(count int) { w.assigned.Store(int64(count)) },
				Processed: ledger.process, Committed: ledger.commit,
			})
		}()
	}
	settle := func(shares ...int64) {
		s.Eventually(fmt.Sprint("members with ", shares), func() (bool, string) {
			var got []int64
			for _, member := range members {
				s.working(member)
				got = append(got, member.assigned.Load())
			}
			s.Must("positions", ledger.lost())
			return slices.Equal(shares, got), fmt.Sprint(got)
		})
	}
	committed := func(expected []int64) {
		s.Eventually(fmt.Sprint("positions ", expected), func() (bool, string) {
			for _, member := range members {
				s.working(member)
			}
			got := ledger.positions()
			return slices.Equal(expected, got), fmt.Sprint(got)
		})
	}
	produce(0, workRecords/4)
	join()
	settle(workPartitions)
	committed(slices.Repeat([]int64{workRecords / 4 / workPartitions}, workPartitions))
	join()
	settle(3, 3)
	// A third member joins while the coordinator is gone.
	victim := control.Coordinator(groups, group)
	control.ClearTopic(victim, topic)
	control.Crash(victim)
	join()
	produce(workRecords/4, workRecords/2)
	settle(2, 2, 2)
	control.Restart(victim)
	// The coordinator moves while the others learn that one has left.
	s.finish(members[0])
	members = members[1:]
	control.Move(groups, group, victim)
	produce(workRecords/2, 3*workRecords/4)
	settle(3, 3)
	// It crashes and is back at once, while nobody joins or leaves.
	victim = control.Coordinator(groups, group)
	control.ClearTopic(victim, topic)
	control.Crash(victim)
	control.Restart(victim)
	produce(3*workRecords/4, workRecords)
	ends := slices.Repeat([]int64{workRecords / workPartitions}, workPartitions)
	committed(ends)
	for _, member := range members {
		s.finish(member)
	}
	s.Must("positions", ledger.lost())
	s.Equal("records processed", workRecords, len(ledger.processed))
	s.offsets(group, topic, ends)
}

type worker struct {
	assigned atomic.Int64
	stop     context.CancelFunc
	done     chan struct{}
	err      error
}

func (s *Scope) working(w *worker) {
	select {
	case <-w.done:
		s.Must("member", w.err)
		s.Fail("a member ended early")
	default:
	}
}

func (s *Scope) finish(w *worker) {
	w.stop()
	<-w.done
	s.Must("member", w.err)
}

// ledger is what all members did, and the promise that no record before an acknowledged position comes again.
type ledger struct {
	mutex     sync.Mutex
	processed map[place]bool
	committed map[int32]int64
	broken    error
}

type place struct {
	partition int32
	offset    int64
}

func (l *ledger) process(partition int32, offset int64) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.processed[place{partition, offset}] = true
	if acknowledged := l.committed[partition]; offset < acknowledged && l.broken == nil {
		l.broken = fmt.Errorf("partition %d is committed to %d, %d came again", partition, acknowledged, offset)
	}
}

func (l *ledger) commit(partition int32, offset int64) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.committed[partition] = max(l.committed[partition], offset)
}

func (l *ledger) positions() []int64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	positions := make([]int64, workPartitions)
	for partition, offset := range l.committed {
		positions[partition] = offset
	}
	return positions
}

func (l *ledger) lost() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.broken
}
