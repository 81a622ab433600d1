"""Checks that say what was expected and what was found."""

import time
from itertools import zip_longest


class CheckFailed(Exception):
    """A scenario found something other than it must."""


def equal(what, expected, got):
    if expected != got:
        raise CheckFailed(f"{what}: expected {expected!r}, got {got!r}")


def same_list(what, expected, got):
    """Names the first item that differs, not the whole lists."""
    for at, (want, found) in enumerate(zip_longest(expected, got, fillvalue="nothing")):
        if want != found:
            raise CheckFailed(f"{what}: item {at}: expected {want!r}, got {found!r}")


def raises(what, expected, describe, call):
    """`expected` is the error in the client's own words, as `describe` gives them."""
    try:
        call()
    except CheckFailed:
        raise
    except Exception as error:
        equal(what, expected, describe(error))
        return
    raise CheckFailed(f"{what}: expected {expected!r}, but no error was raised")


def eventually(what, expected, look, seconds=15):
    """Looks until it sees what is expected; what was seen last is in the failure."""
    deadline = time.monotonic() + seconds
    while True:
        got = look()
        if got == expected:
            return
        if time.monotonic() > deadline:
            raise CheckFailed(f"{what}: expected {expected!r} within {seconds} s, got {got!r}")
        time.sleep(0.02)
