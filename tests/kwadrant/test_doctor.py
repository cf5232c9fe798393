"""The doctor knocks at a Spark cluster."""

import socket
from pathlib import Path

import pytest

from kwadrant.doctor import Case, spark_master
from kwadrant.processes import LOOPBACK, free_port


def test_a_master_that_answers_is_well() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        case = Case({}, Path(), master=f"spark://{LOOPBACK}:{server.getsockname()[1]}")
        assert spark_master(case).ok


@pytest.mark.parametrize("address", [f"{LOOPBACK}:{free_port()}", "nowhere"])
def test_a_master_that_does_not_is_named(address: str) -> None:
    found = spark_master(Case({}, Path(), master=f"spark://{address}"))
    assert (found.ok, found.found) == (False, f"{address} does not answer")
    assert "setting master" in found.mend


@pytest.mark.parametrize("master", ["local[4]", "yarn"])
def test_other_masters_are_left_to_spark(master: str) -> None:
    assert spark_master(Case({}, Path(), master=master)).ok
