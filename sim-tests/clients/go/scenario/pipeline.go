package scenario

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
)

// member is a running Member, as the scenario sees it.
type member struct {
	assigned  atomic.Int64
	committed atomic.Int64
	done      chan struct{}
	err       error
}

// pipeline copies 600 records exactly once by two members, the second of which joins in the middle.
func pipeline(s *Scope, consumerProtocol bool) {
	const partitions, half = 4, 75
	input, output := s.Topic("input", partitions), s.Topic("output", partitions)
	source := s.Producer(ProducerOptions{})
	produce := func(from int) {
		var records []Record
		for partition := range int32(partitions) {
			for i := from; i < from+half; i++ {
				records = append(records, Values(input, partition, inputValue(partition, i))...)
			}
		}
		s.Send("input", source, records...)
	}
	produce(0)

	ctx, stop := context.WithCancel(s)
	defer stop()
	start := func(name string) *member {
		m := &member{done: make(chan struct{})}
		go func() {
			defer close(m.done)
			m.err = s.Process(ctx, Member{
				Group: s.Named("group"), Input: input, Output: output, TransactionalID: s.Named(name),
				ConsumerProtocol: consumerProtocol,
				Assigned:         func(count int) { m.assigned.Store(int64(count)) },
				Committed:        func(records int) { m.committed.Add(int64(records)) },
			})
		}()
		return m
	}
	first := start("member-1")
	s.Eventually("the first member's work", func() (bool, string) {
		s.running(first)
		return first.committed.Load() > 0, "none"
	})
	second := start("member-2")
	s.Eventually("two partitions each", func() (bool, string) {
		s.running(first)
		s.running(second)
		one, two := first.assigned.Load(), second.assigned.Load()
		return one == 2 && two == 2, fmt.Sprint(one, " and ", two)
	})
	produce(half)
	s.Eventually("all records", func() (bool, string) {
		s.running(first)
		s.running(second)
		sum := first.committed.Load() + second.committed.Load()
		return sum >= 2*half*partitions, fmt.Sprint(sum)
	})
	stop()
	for _, m := range []*member{first, second} {
		<-m.done
		s.Must("member", m.err)
	}
	s.Equal("records committed", int64(2*half*partitions), first.committed.Load()+second.committed.Load())
	if second.committed.Load() < half {
		s.Fail("the second member committed only %d records", second.committed.Load())
	}
	expectOutputs(s, output, partitions, 2*half)
	offsets, err := s.CommittedOffsets(s, s.Named("group"), input, partitions)
	s.Must("committed offsets", err)
	s.Equal("committed offsets", slices.Repeat([]int64{2 * half}, partitions), offsets)
}

func expectOutputs(s *Scope, output string, partitions int32, count int) {
	for partition := range partitions {
		s.Settled(output, partition)
		records, err := s.Read(s, Committed, output, partition, count)
		s.Must("read", err)
		var expected, got []string
		for i := range count {
			expected = append(expected, string(Transform([]byte(inputValue(partition, i)))))
		}
		for _, record := range records {
			got = append(got, string(record.Value))
		}
		s.Equal(fmt.Sprintf("outputs of partition %d", partition), expected, got)
	}
}

func inputValue(partition int32, i int) string { return fmt.Sprintf("in-%d-%03d", partition, i) }

// running ends the scenario when the member has ended.
func (s *Scope) running(m *member) {
	select {
	case <-m.done:
		s.Must("member", m.err)
		s.Fail("a member ended early")
	default:
	}
}
