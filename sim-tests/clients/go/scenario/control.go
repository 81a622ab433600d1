package scenario

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Control is the control API of the cluster: crash and restart brokers, move leaders and coordinators. What it
// cannot do ends the scenario.
type Control struct {
	url    string
	client http.Client
}

// Kind is what a coordinator is asked for by.
type Kind string

const (
	transactions Kind = "transactions"
	groups       Kind = "groups"
)

type broker struct {
	ID    int    `json:"id"`
	State string `json:"state"`
}

func newControl(url string) *Control {
	return &Control{url: url, client: http.Client{Timeout: 10 * time.Second}}
}

// Crash crashes a broker.
func (c *Control) Crash(id int) {
	c.ask(http.MethodPost, fmt.Sprintf("/brokers/%d/crash", id), nil, nil)
}

// Restart restarts a broker.
func (c *Control) Restart(id int) {
	c.ask(http.MethodPost, fmt.Sprintf("/brokers/%d/restart", id), nil, nil)
}

// RestartAll restarts what a failed scenario left down, so that it is not the next one's trouble.
func (c *Control) RestartAll() {
	for _, broker := range c.brokers() {
		if broker.State == "down" {
			c.Restart(broker.ID)
		}
	}
}

// Leaders are the leaders of a topic's partitions.
func (c *Control) Leaders(topic string) []int {
	var partitions []struct {
		Leader int `json:"leader"`
	}
	c.ask(http.MethodGet, "/topics/"+url.PathEscape(topic)+"/partitions", nil, &partitions)
	var leaders []int
	for _, partition := range partitions {
		leaders = append(leaders, partition.Leader)
	}
	return leaders
}

// Elect makes a broker lead a partition.
func (c *Control) Elect(topic string, partition, leader int) {
	path := fmt.Sprintf("/topics/%s/partitions/%d/elect", url.PathEscape(topic), partition)
	c.ask(http.MethodPost, path, map[string]int{"leader": leader}, nil)
}

// Coordinator is the broker that coordinates a transactional id or a group.
func (c *Control) Coordinator(kind Kind, name string) int {
	var found struct {
		Broker int `json:"broker"`
	}
	c.ask(http.MethodGet, coordinator(kind, name), nil, &found)
	return found.Broker
}

// Move has another broker coordinate a transactional id or a group.
func (c *Control) Move(kind Kind, name string, to int) {
	c.ask(http.MethodPost, coordinator(kind, name), map[string]int{"broker": to}, nil)
}

// Other is a running broker other than this one.
func (c *Control) Other(id int) int {
	for _, broker := range c.brokers() {
		if broker.State == "up" && broker.ID != id {
			return broker.ID
		}
	}
	panic(failure("no other broker is up"))
}

// ClearTopic has another broker lead a topic in the broker's place.
func (c *Control) ClearTopic(id int, topic string) {
	for partition, leader := range c.Leaders(topic) {
		if leader == id {
			c.Elect(topic, partition, c.Other(id))
		}
	}
}

// ClearTransactions has another broker coordinate a transactional id in the broker's place.
func (c *Control) ClearTransactions(id int, transactionalID string) {
	if c.Coordinator(transactions, transactionalID) == id {
		c.Move(transactions, transactionalID, c.Other(id))
	}
}

func (c *Control) brokers() []broker {
	var brokers []broker
	c.ask(http.MethodGet, "/brokers", nil, &brokers)
	return brokers
}

func coordinator(kind Kind, name string) string {
	return fmt.Sprintf("/%s/%s/coordinator", kind, url.PathEscape(name))
}

func (c *Control) ask(method, path string, body, answer any) {
	var sent strings.Builder
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			panic(failure(err.Error()))
		}
	}
	request, err := http.NewRequest(method, c.url+path, strings.NewReader(sent.String()))
	if err != nil {
		panic(failure(err.Error()))
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.client.Do(request)
	if err != nil {
		panic(failure(err.Error()))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		panic(failure(fmt.Sprintf("%s %s: %s %s %v", method, path, response.Status, text, err)))
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			panic(failure(fmt.Sprintf("%s %s: %v", method, path, err)))
		}
	}
}
