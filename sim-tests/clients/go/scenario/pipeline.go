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

const (
	pipelinePartitions = 4
	half               = 75
)

// pipeline is members that copy 600 records.
type pipeline struct {
	scope            *Scope
	consumerProtocol bool
	input, output    string
	source           Producer
}

func (s *Scope) pipeline(consumerProtocol bool) *pipeline {
	return &pipeline{
		scope: s, consumerProtocol: consumerProtocol,
		input: s.Topic("input", pipelinePartitions), output: s.Topic("output", pipelinePartitions),
		source: s.Producer(ProducerOptions{}),
	}
}

// consumeTransformProduce copies the records exactly once by two members, the second of which joins in the middle.
func consumeTransformProduce(s *Scope, consumerProtocol bool) {
	p := s.pipeline(consumerProtocol)
	ctx, stop := context.WithCancel(s)
	defer stop()
	p.produce(0)
	first := p.start(ctx, "member-1", nil)
	s.Eventually("the first member's work", func() (bool, string) {
		s.running(first)
		return first.committed.Load() > 0, "none"
	})
	second := p.start(ctx, "member-2", nil)
	p.shared(first, second)
	p.produce(half)
	p.finish(stop, first, second)
}

// produce sends half of the inputs, numbered from here on in each partition.
func (p *pipeline) produce(from int) {
	var records []Record
	for partition := range int32(pipelinePartitions) {
		for i := from; i < from+half; i++ {
			records = append(records, Values(p.input, partition, inputValue(partition, i))...)
		}
	}
	p.scope.Send("input", p.source, records...)
}

func (p *pipeline) start(ctx context.Context, name string, inTransaction func() error) *member {
	m := &member{done: make(chan struct{})}
	go func() {
		defer close(m.done)
		m.err = p.scope.Process(ctx, Member{
			Group: p.scope.Named("group"), Input: p.input, Output: p.output, TransactionalID: p.scope.Named(name),
			ConsumerProtocol: p.consumerProtocol,
			InTransaction:    inTransaction,
			Assigned:         func(count int) { m.assigned.Store(int64(count)) },
			Committed:        func(records int) { m.committed.Add(int64(records)) },
		})
	}()
	return m
}

func (p *pipeline) shared(first, second *member) {
	p.scope.Eventually("two partitions each", func() (bool, string) {
		p.scope.running(first)
		p.scope.running(second)
		one, two := first.assigned.Load(), second.assigned.Load()
		return one == 2 && two == 2, fmt.Sprint(one, " and ", two)
	})
}

// finish awaits that all is copied, ends the members, and looks at what is there.
func (p *pipeline) finish(stop context.CancelFunc, first, second *member) {
	s := p.scope
	s.Eventually("all records", func() (bool, string) {
		s.running(first)
		s.running(second)
		sum := first.committed.Load() + second.committed.Load()
		return sum >= 2*half*pipelinePartitions, fmt.Sprint(sum)
	})
	stop()
	for _, m := range []*member{first, second} {
		<-m.done
		s.Must("member", m.err)
	}
	s.Equal("records committed", int64(2*half*pipelinePartitions), first.committed.Load()+second.committed.Load())
	if second.committed.Load() < half {
		s.Fail("the second member committed only %d records", second.committed.Load())
	}
	expectOutputs(s, p.output, pipelinePartitions, 2*half)
	s.offsets(s.Named("group"), p.input, slices.Repeat([]int64{2 * half}, pipelinePartitions))
}

// offsets compares a group's committed offsets. A connection that a crash has cut fails once.
func (s *Scope) offsets(group, topic string, expected []int64) {
	s.Eventually(fmt.Sprint("committed offsets ", expected), func() (bool, string) {
		got, err := s.CommittedOffsets(s, group, topic, int32(len(expected)))
		return err == nil && slices.Equal(expected, got), fmt.Sprint(got, " ", err)
	})
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
