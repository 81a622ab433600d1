"""The trace log of `fencepost serve`: every request, with its answer, in the order in which the server saw them."""

import collections
import dataclasses
import re

ASKED = re.compile(r'asked connection=(\d+) correlation_id=(-?\d+) api=(\w+) version=(\d+) client_id=(\S*) request=(.*)$')
ANSWERED = re.compile(r"answered connection=(\d+) correlation_id=(-?\d+) response=(.*)$")


@dataclasses.dataclass
class Request:
    connection: str
    api: str
    version: int
    client_id: str
    body: str
    # Places in the trace; a request whose connection broke has no answer.
    asked: int
    answered: int | None = None
    answer: str | None = None

    def codes(self):
        """Every error code of the answer, those of its parts too."""
        return [int(code) for code in re.findall(r"error_code: (-?\d+)", self.answer or "")]


class Unexpected(Exception):
    pass


class Trace:
    """The requests of one run, in order."""

    def __init__(self, requests):
        self.requests = requests

    @classmethod
    def read(cls, lines):
        requests = []
        waiting = {}
        for place, line in enumerate(lines):
            if found := ASKED.search(line):
                request = Request(found[1], found[3], int(found[4]), found[5], found[6], place)
                waiting[found[1], found[2]] = request
                requests.append(request)
            elif found := ANSWERED.search(line):
                request = waiting.pop((found[1], found[2]), None)
                if request:
                    request.answered, request.answer = place, found[3]
        return cls(requests)

    def by(self, client_id):
        """What one client sent."""
        return Trace([request for request in self.requests if request.client_id == f'"{client_id}"'])

    def of(self, *apis):
        return [request for request in self.requests if request.api in apis]

    def versions(self, api):
        return {request.version for request in self.of(api)}

    def fields(self, api, *names):
        """The values that these fields have in any request of an API."""
        return {tuple(field(request.body, name) for name in names) for request in self.of(api)}

    def codes(self, api):
        """The codes that an API was answered with, 0 apart."""
        return {code for request in self.of(api) for code in request.codes()} - {0}

    def connections(self):
        by_connection = collections.defaultdict(list)
        for request in self.requests:
            by_connection[request.connection].append(request)
        return by_connection.values()


def field(body, name):
    found = re.search(rf"\b{name}: ([^,}}\s]+)", body)
    return found[1] if found else None


def expect(what, expected, got):
    if expected != got:
        raise Unexpected(f"{what}: expected {expected}, got {got}")
