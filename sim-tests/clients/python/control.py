"""The control API of the cluster: crash and restart brokers, move leaders and coordinators."""

import json
import urllib.parse
import urllib.request


class Control:
    def __init__(self, url):
        self.url = url

    def ask(self, path, body=None, method="GET"):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def crash(self, broker):
        self.ask(f"/brokers/{broker}/crash", method="POST")

    def restart(self, broker):
        self.ask(f"/brokers/{broker}/restart", method="POST")

    def restart_all(self):
        """So that what a failed scenario left down is not the next one's trouble."""
        for broker in self.ask("/brokers"):
            if broker["state"] == "down":
                self.restart(broker["id"])

    def leaders(self, topic):
        """The leader of each partition of a topic."""
        return [partition["leader"] for partition in self.ask(f"/topics/{quoted(topic)}/partitions")]

    def elect(self, topic, partition, leader):
        self.ask(f"/topics/{quoted(topic)}/partitions/{partition}/elect", {"leader": leader}, "POST")

    def coordinator(self, kind, name):
        """The broker that coordinates one of the `transactions` or `groups`."""
        return self.ask(f"/{kind}/{quoted(name)}/coordinator")["broker"]

    def move(self, kind, name, broker):
        self.ask(f"/{kind}/{quoted(name)}/coordinator", {"broker": broker}, "POST")

    def others(self, broker):
        """The running brokers but this one."""
        return [other["id"] for other in self.ask("/brokers") if other["state"] == "up" and other["id"] != broker]

    def clear(self, broker, topics=(), transactions=(), groups=()):
        """Has other brokers lead these topics and coordinate these, so that a crash of this one hits what is left."""
        to = self.others(broker)[0]
        for topic in topics:
            for partition, leader in enumerate(self.leaders(topic)):
                if leader == broker:
                    self.elect(topic, partition, to)
        for kind, names in (("transactions", transactions), ("groups", groups)):
            for name in names:
                if self.coordinator(kind, name) == broker:
                    self.move(kind, name, to)


def quoted(name):
    return urllib.parse.quote(name, safe="")
