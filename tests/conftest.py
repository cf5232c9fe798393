"""How the tests share two processes: one has the town on a broker and its Spark session, the other everything else."""

from itertools import groupby

import pytest

TOWN = "world"
"""The session fixture that costs most: whoever asks for it, directly or not, goes to one process."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the group of every test, the town's or its own file: the town's first, then what else is real."""
    items.sort(key=_rank)
    for path, together in groupby(items, key=lambda item: (_rank(item) == 0, item.path)):
        for item in together:
            item.add_marker(pytest.mark.xdist_group(TOWN if path[0] else str(path[1])))


def _rank(item: pytest.Item) -> int:
    if TOWN in getattr(item, "fixturenames", ()):
        return 0
    return 1 if item.get_closest_marker("integration") else 2
