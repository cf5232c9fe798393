"""The running service: one thread takes in what the stream says, one sends webhooks, the rest answers requests."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from kafka.errors import KafkaError
from sqlalchemy.exc import OperationalError

from serving import consumer, webhooks
from serving.api import app
from serving.desk import Desk
from serving.store import Taken

DELIVERY_PERIOD_S = 1.0
AGAIN_S = 5.0
STARTS_S = 0.01
SECOND_US = 1_000_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Address:
    """Where requests are answered."""

    host: str
    port: int


def serve(desk: Desk, client: Mapping[str, object], address: Address, stop: threading.Event,
          ready: Callable[[int], None]) -> None:  # fmt: skip
    """Answer until `stop` is set; `ready` hears the port, a free one for 0.

    Raises
    ------
    consumer.NoTopicsError
        Where the topics of the product are missing.
    OSError
        Where the port is taken.
    """
    failed: list[BaseException] = []
    desk.ending = stop
    tasks = (lambda: _take_in(desk, client, stop), lambda: _send(desk, stop))
    with _running(tasks, stop, failed), answering(app(desk), address) as port:
        ready(port)
        stop.wait()
    if failed:
        raise failed[0]


def _take_in(desk: Desk, client: Mapping[str, object], stop: threading.Event) -> None:
    """Follow the topics until `stop` is set."""

    def taken(_: Taken) -> None:
        desk.taken_at = desk.now()

    consumer.follow(desk.engine, client, stop, taken)


def _send(desk: Desk, stop: threading.Event) -> None:
    """Send what webhooks are owed now, or wait where nothing is."""
    if not webhooks.deliver(desk.engine, int(time.time() * SECOND_US), webhooks.post):
        stop.wait(DELIVERY_PERIOD_S)


def _on_and_on(task: Callable[[], None], stop: threading.Event, failed: list[BaseException]) -> None:
    """Do a task again and again until `stop` is set; a broker or a store that is away is asked again."""
    while not stop.is_set():
        try:
            task()
        except (KafkaError, OperationalError) as error:
            _log.warning("the topics or the store do not answer now (%s); trying again", str(error).partition("\n")[0])
            stop.wait(AGAIN_S)
        # any other error ends the service: an answer from a store that no longer follows would be a lie
        except BaseException as error:  # noqa: BLE001 - told by `serve`
            failed.append(error)
            stop.set()


@contextmanager
def _running(
    tasks: tuple[Callable[[], None], ...], stop: threading.Event, failed: list[BaseException]
) -> Iterator[None]:
    threads = [threading.Thread(target=_on_and_on, args=(task, stop, failed), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def answering(application: FastAPI, address: Address) -> Iterator[int]:
    """Answer requests in a thread of its own; gives the port."""
    config = uvicorn.Config(application, host=address.host, port=address.port, log_level="warning", lifespan="off",
                            timeout_graceful_shutdown=2)  # fmt: skip
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(STARTS_S)
    try:
        yield socket.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        socket.close()
