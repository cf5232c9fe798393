"""What holds for all tests: long ones run only when asked for, what a skip is, and parts that run side by side."""

import os
from collections.abc import Generator, Iterator

import pytest

from kwadrant import java
from tests.postgresql import FOUND, served

PARTS = "town", "beside", "rest"
# no JVM of a test lives long enough to earn what the second compiler costs: half of all it does
os.environ |= java.quickly(os.environ)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--no-skips`: where a machine has all parts, a skipped test is a failed one; and `--part`."""
    parser.addoption("--no-skips", action="store_true", help="a skip is a failure, but for tests marked `foreign`")
    parser.addoption(
        "--part", choices=PARTS, help="only the tests on one town's log, or of the parts beside, or the rest"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless LONG_TESTS is set, and what is of another part."""
    part = config.getoption("--part")
    out = {
        item for item in items
        if (item.get_closest_marker("long") and "LONG_TESTS" not in os.environ) or part not in (None, _part(item))
    }  # fmt: skip
    if out:
        config.hook.pytest_deselected(items=list(out))
        items[:] = [item for item in items if item not in out]


def _part(item: pytest.Item) -> str:
    """Return where a test belongs: what takes one town's broker and Spark session stays in one process."""
    if not item.get_closest_marker("integration"):
        return "rest"
    return "town" if "world" in getattr(item, "fixturenames", ()) else "beside"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a failure of a skip, where that is asked for."""
    report = yield
    excused = hasattr(report, "wasxfail") or item.get_closest_marker("foreign")
    if report.skipped and item.config.getoption("--no-skips") and not excused:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome, report.longrepr = "failed", f"{item.nodeid} was skipped, and nothing may be: {reason}"
    return report


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a PostgreSQL of the tests' own."""
    if not FOUND:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    with served(tmp_path_factory.mktemp("postgresql").resolve()) as address:
        yield address
