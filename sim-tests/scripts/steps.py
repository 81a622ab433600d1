"""A script: what is done, line by line, and what each client is told."""

from typing import NamedTuple


class Step(NamedTuple):
    line: int
    words: list
    expected: dict      # by client; "*" is for all others
    only: str | None    # the one client that takes this step
    is_background: bool


class Script(NamedTuple):
    plan: object
    server: list
    without: set
    steps: list


def load(path):
    """Reads `<name>.script`; the plan is `<name>.toml` beside it."""
    server, without, steps = [], set(), []
    for number, text in enumerate(path.read_text().split("\n"), 1):
        text, indented = text.split("#")[0].rstrip(), text.startswith(" ")
        if not text.strip():
            continue
        if indented:
            who, _, said = text.strip().partition(" ")
            steps[-1].expected[who.rstrip(":")] = said
            continue
        words = text.split()
        if words[0] == "serve":
            server += words[1:]
        elif words[0] == "without":
            without |= set(words[1:])
        else:
            only = words.pop(0)[1:] if words[0].startswith("@") else None
            expected = {}
            if "=>" in words:
                at = words.index("=>")
                expected["*"] = " ".join(words[at + 1:])
                words = words[:at]
            is_background = words[-1] == "&"
            steps.append(Step(number, words[:-1] if is_background else words, expected, only, is_background))
    return Script(path.with_suffix(".toml"), server, without, steps)
