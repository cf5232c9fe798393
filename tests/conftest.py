"""What holds for all tests: how they share two processes, that long ones run only when asked for, and what a skip is.

One process has the town on a broker and its Spark session, the other everything else.
"""

import os
from collections.abc import Generator
from itertools import groupby

import pytest

TOWN = "world"
"""The session fixture that costs most: whoever asks for it, directly or not, goes to one process."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--no-skips`: where a machine has all parts, a skipped test is a failed one."""
    parser.addoption("--no-skips", action="store_true", help="a skip is a failure, but for tests marked `foreign`")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless LONG_TESTS is set, and name the group of every other test.

    A group is the town's or that of its own file: the town's first, then what else is real.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    if long and "LONG_TESTS" not in os.environ:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    items.sort(key=_rank)
    for path, together in groupby(items, key=lambda item: (_rank(item) == 0, item.path)):
        for item in together:
            item.add_marker(pytest.mark.xdist_group(TOWN if path[0] else str(path[1])))


def _rank(item: pytest.Item) -> int:
    if TOWN in getattr(item, "fixturenames", ()):
        return 0
    return 1 if item.get_closest_marker("integration") else 2


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a failure of a skip, where that is asked for."""
    report = yield
    excused = hasattr(report, "wasxfail") or item.get_closest_marker("foreign")
    if report.skipped and item.config.getoption("--no-skips") and not excused:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome, report.longrepr = "failed", f"{item.nodeid} was skipped, and nothing may be: {reason}"
    return report
