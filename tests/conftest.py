"""What holds for all tests: long ones run only when asked for, and what a skip is."""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.postgresql import FOUND, served


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--no-skips`: where a machine has all parts, a skipped test is a failed one."""
    parser.addoption("--no-skips", action="store_true", help="a skip is a failure, but for tests marked `foreign`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless LONG_TESTS is set."""
    long = [item for item in items if item.get_closest_marker("long")]
    if long and "LONG_TESTS" not in os.environ:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


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
