"""The doctor knocks at a Spark cluster, and where Prometheus is answered."""

import socket
from pathlib import Path
from threading import Thread

import pytest
from prometheus_client import CollectorRegistry

from kwadrant.doctor import Case, spark_master
from kwadrant.errors import LaunchError
from kwadrant.health import answering
from kwadrant.processes import LOOPBACK, free_port
from kwadrant.settings import Metrics
from kwadrant.watch import exporter
from monitoring.exporter import serve


def test_a_master_that_answers_is_well() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        case = Case({}, Path(), master=f"spark://{LOOPBACK}:{server.getsockname()[1]}")
        assert spark_master(case).ok


@pytest.mark.parametrize("known", [True, False])
def test_a_master_that_does_not_is_named(*, known: bool) -> None:
    address = f"{LOOPBACK}:{free_port()}" if known else "nowhere"
    found = spark_master(Case({}, Path(), master=f"spark://{address}"))
    assert (found.ok, found.found) == (False, f"{address} does not answer")
    assert "setting master" in found.mend


@pytest.mark.parametrize("master", ["local[4]", "yarn"])
def test_other_masters_are_left_to_spark(master: str) -> None:
    assert spark_master(Case({}, Path(), master=master)).ok


CASE = Case({}, Path())


def test_metrics_that_nobody_asked_for_are_well() -> None:
    found = answering(Metrics())(CASE)
    assert (found.ok, found.found.split(";")[0]) == (True, "off")


def test_a_stream_that_answers_is_found() -> None:
    port = free_port()
    assert answering(Metrics(port=port))(CASE).found == f"http://{LOOPBACK}:{port}/metrics, once a stream runs"
    with exporter(Metrics(port=port)):
        found = answering(Metrics(port=port, address="0.0.0.0"))(CASE)  # noqa: S104 - nothing listens there
    assert (found.ok, found.found) == (True, f"a stream answers at http://{LOOPBACK}:{port}/metrics")


def test_a_port_that_another_program_has_is_to_be_changed() -> None:
    port, end = serve(0, LOOPBACK, CollectorRegistry())
    found = answering(Metrics(port=port))(CASE)
    assert (found.ok, "metrics.port" in found.mend) == (False, True)
    with pytest.raises(LaunchError, match=rf"{port}.*metrics\.port"), exporter(Metrics(port=port)):
        pytest.fail("the port is taken")
    end()


def test_a_program_that_hangs_up_is_another_one() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        Thread(target=hung_up, args=(server,)).start()
        assert not answering(Metrics(port=server.getsockname()[1]))(CASE).ok


def hung_up(server: socket.socket) -> None:
    server.accept()[0].close()
