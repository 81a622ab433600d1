"""Fixtures: a cluster for one test, and a cluster for all tests that is reset after each."""

import pytest

from pytest_fencepost.cluster import Cluster, FencepostError

FIXTURES = ("fencepost", "shared_fencepost")
SNAPSHOT = "before each test"


def pytest_addoption(parser):
    parser.getgroup("fencepost").addoption(
        "--fencepost", metavar="PROGRAM",
        help="the fencepost to start (default: environment variable FENCEPOST, else `fencepost`)")


def pytest_configure(config):
    config.addinivalue_line(
        "markers",
        "fencepost(brokers=1, topics={}, config={}, faults=None, args=[], allow_unfired=False): what the cluster of "
        "this test is made of, and whether a fault of it may never fire")


@pytest.fixture(scope="session")
def fencepost_options():
    """What clusters are made of where no mark says otherwise; override it in conftest.py."""
    return {}


@pytest.fixture
def fencepost(request, fencepost_options):
    """A cluster for this test alone."""
    options = {**fencepost_options, **marked(request.node)}
    options.pop("allow_unfired", None)
    cluster = Cluster(request.config.getoption("--fencepost"), **options)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def fencepost_process(request, fencepost_options):
    """The cluster behind `shared_fencepost`."""
    options = {**fencepost_options}
    options.pop("allow_unfired", None)
    cluster = Cluster(request.config.getoption("--fencepost"), **options)
    cluster.snapshot(SNAPSHOT)
    yield cluster
    cluster.stop()


@pytest.fixture
def shared_fencepost(request, fencepost_process):
    """The cluster that all tests share; after each it is again as it was, without that test's faults."""
    if set(marked(request.node)) - {"faults", "allow_unfired"}:
        raise FencepostError("a shared cluster is made by the fixture `fencepost_options`: of the mark `fencepost` "
                             "it takes `faults` and `allow_unfired` alone")
    faults = marked(request.node).get("faults")
    if faults:
        fencepost_process.add_faults(faults)
    yield fencepost_process
    fencepost_process.reset(SNAPSHOT)


def marked(item):
    mark = item.get_closest_marker("fencepost")
    return mark.kwargs if mark else {}


def clusters(item):
    used = getattr(item, "funcargs", {})
    return [used[name] for name in FIXTURES if isinstance(used.get(name), Cluster)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Here rather than in the fixtures, so that it is the test that fails."""
    result = yield
    options = {**getattr(item, "funcargs", {}).get("fencepost_options", {}), **marked(item)}
    if not options.get("allow_unfired", False):
        for cluster in clusters(item):
            cluster.verify()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for cluster in clusters(item):
            told = cluster.stderr()
            if told:
                report.sections.append(("fencepost's stderr", told))
    return report
