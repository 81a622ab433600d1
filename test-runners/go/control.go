package fenceposttest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// Ask requests anything of the control API. A body is TOML if it is a string, else it is made JSON; there is none if it
// is nil.
func (c *Cluster) Ask(method, path string, body any) json.RawMessage {
	c.t.Helper()
	var answer json.RawMessage
	c.into(&answer, method, path, body)
	return answer
}

func (c *Cluster) into(answer any, method, path string, body any) {
	c.t.Helper()
	if err := c.process.ask(method, path, body, answer); err != nil {
		c.t.Fatal(err)
	}
}

// AddFaults adds a plan, in TOML.
func (c *Cluster) AddFaults(plan string) {
	c.t.Helper()
	c.Ask("POST", "/faults", plan)
}

// Faults are all faults, in the order in which they were added.
func (c *Cluster) Faults() []Fault {
	c.t.Helper()
	var faults []Fault
	c.into(&faults, "GET", "/faults", nil)
	return faults
}

// RemoveFault takes a fault away; it is not asked then whether it fired.
func (c *Cluster) RemoveFault(name string) {
	c.t.Helper()
	c.Ask("DELETE", "/faults/"+url.PathEscape(name), nil)
}

// HitTimes waits until a fault has fired so many times, those before included; for 25 seconds at most.
func (c *Cluster) HitTimes(name string, times int, within time.Duration) Fault {
	c.t.Helper()
	var fault Fault
	path := fmt.Sprintf("/faults/%s/hits?times=%d&within_ms=%d", url.PathEscape(name), times, within.Milliseconds())
	c.into(&fault, "GET", path, nil)
	return fault
}

// Held is what is held or delayed by a fault, or waits for its turn.
func (c *Cluster) Held() json.RawMessage {
	c.t.Helper()
	return c.Ask("GET", "/held", nil)
}

// Release lets go what is held under this number.
func (c *Cluster) Release(number int) {
	c.t.Helper()
	c.Ask("POST", fmt.Sprintf("/held/%d/release", number), nil)
}

// Raise raises an event that faults wait for.
func (c *Cluster) Raise(event string) {
	c.t.Helper()
	c.Ask("POST", "/raised/"+url.PathEscape(event), nil)
}

// Crash takes a broker's memory, connections and port away; its disk stays.
func (c *Cluster) Crash(broker int) {
	c.t.Helper()
	c.Ask("POST", fmt.Sprintf("/brokers/%d/crash", broker), nil)
}

// StopBroker stops a broker cleanly: other leaders take over first.
func (c *Cluster) StopBroker(broker int) {
	c.t.Helper()
	c.Ask("POST", fmt.Sprintf("/brokers/%d/stop", broker), nil)
}

// Restart restarts a broker that crashed or stopped.
func (c *Cluster) Restart(broker int) {
	c.t.Helper()
	c.Ask("POST", fmt.Sprintf("/brokers/%d/restart", broker), nil)
}

// Elect makes a replica the leader of a partition.
func (c *Cluster) Elect(topic string, partition, leader int) {
	c.t.Helper()
	path := fmt.Sprintf("/topics/%s/partitions/%d/elect", url.PathEscape(topic), partition)
	c.Ask("POST", path, map[string]int{"leader": leader})
}

// MoveTransaction moves the coordinator of a transactional id to a broker.
func (c *Cluster) MoveTransaction(transactionalID string, broker int) {
	c.t.Helper()
	path := "/transactions/" + url.PathEscape(transactionalID) + "/coordinator"
	c.Ask("POST", path, map[string]int{"broker": broker})
}

// MoveGroup moves the coordinator of a group to a broker.
func (c *Cluster) MoveGroup(group string, broker int) {
	c.t.Helper()
	c.Ask("POST", "/groups/"+url.PathEscape(group)+"/coordinator", map[string]int{"broker": broker})
}

// Transaction is what the coordinator has in memory of a transactional id.
func (c *Cluster) Transaction(transactionalID string) json.RawMessage {
	c.t.Helper()
	return c.Ask("GET", "/transactions/"+url.PathEscape(transactionalID), nil)
}

// Group is what the coordinator has in memory of a group.
func (c *Cluster) Group(name string) json.RawMessage {
	c.t.Helper()
	return c.Ask("GET", "/groups/"+url.PathEscape(name), nil)
}

// Log is the beginning of a partition's log, with what became of the transaction of each batch.
func (c *Cluster) Log(topic string, partition int) json.RawMessage {
	c.t.Helper()
	return c.Ask("GET", fmt.Sprintf("/topics/%s/partitions/%d/log", url.PathEscape(topic), partition), nil)
}

// Advance moves a manual clock.
func (c *Cluster) Advance(by time.Duration) {
	c.t.Helper()
	c.Ask("POST", "/clock/advance", map[string]int64{"ms": by.Milliseconds()})
}

// Snapshot keeps the cluster as it is under a name.
func (c *Cluster) Snapshot(name string) {
	c.t.Helper()
	c.Ask("PUT", "/snapshots/"+url.PathEscape(name), nil)
}

// Reset goes back to a snapshot. Clients that live through it are lost.
func (c *Cluster) Reset(name string) {
	c.t.Helper()
	c.Ask("POST", "/snapshots/"+url.PathEscape(name)+"/reset", nil)
}
