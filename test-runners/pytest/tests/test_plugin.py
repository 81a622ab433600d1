"""The plugin itself, run on tests that are right and on tests that are wrong."""

import pytest

PLAN = '[[fault]]\nname = "lost"\non = "EndTxn"\ndo = "disconnect"\n'


@pytest.fixture
def run(pytester, request):
    def run(text):
        pytester.makepyfile(text)
        program = request.config.getoption("--fencepost")
        return pytester.runpytest_subprocess(*(["--fencepost", program] if program else []))
    return run


def test_a_fault_that_never_fired_fails_the_test(run):
    result = run(f"""
        def test_hollow(fencepost):
            fencepost.add_faults({PLAN!r})
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*UnmetFaults: fault `lost`: never fired, matched nothing"])


def test_one_that_is_never_to_fire_does_not(run):
    result = run(f"""
        def test_never(fencepost):
            fencepost.add_faults({PLAN + "fires = 0"!r})
    """)
    result.assert_outcomes(passed=1)


def test_it_may_be_allowed_not_to_fire(run):
    result = run(f"""
        import pytest

        @pytest.mark.fencepost(faults={PLAN!r}, allow_unfired=True)
        def test_allowed(fencepost):
            assert [fault["name"] for fault in fencepost.faults()] == ["lost"]
    """)
    result.assert_outcomes(passed=1)


def test_a_shared_cluster_is_reset_after_each_test(run):
    result = run(f"""
        import pytest

        @pytest.fixture(scope="session")
        def fencepost_options():
            return {{"brokers": 3}}

        def test_first(shared_fencepost):
            shared_fencepost.crash(1)
            shared_fencepost.add_faults({PLAN!r})

        def test_second(shared_fencepost):
            assert [broker["state"] for broker in shared_fencepost.ask("/brokers")] == ["up", "up", "up"]
            assert shared_fencepost.faults() == []
    """)
    result.assert_outcomes(failed=1, passed=1)


def test_stderr_is_shown_when_a_test_fails(run):
    result = run(f"""
        import pytest

        @pytest.mark.fencepost(faults={PLAN!r})
        def test_wrong(fencepost):
            fencepost._process.terminate()
            fencepost._process.wait()
            fencepost.faults()
    """)
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["*fencepost ended with 0", "*lost*never*"])


def test_a_bad_option_is_told(run):
    result = run("""
        import pytest

        @pytest.mark.fencepost(config={"no.such.setting": "1"})
        def test_wrong(fencepost):
            pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*FencepostError: fencepost is not ready*", "*no.such.setting*"])


def test_a_program_that_is_not_there_is_told(pytester):
    pytester.makepyfile("def test_wrong(fencepost): pass")
    result = pytester.runpytest_subprocess("--fencepost", "./no-such-program")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*cannot start `./no-such-program`*name the program with --fencepost*"])
