"""What a machine needs, looked at one by one; each finding says how to mend it.

A check is a function of the case; to add one, write it and put it into ``MACHINE`` or, where all others of the broker
need it, into ``CLUSTER``: what comes after one of those that failed is not looked at.
"""

import shutil
import socket
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from kwadrant import jars, java
from kwadrant.errors import LaunchError
from kwadrant.last_word import last_word
from kwadrant.processes import free_port
from segmentation.errors import SegmentationError
from streaming.errors import StreamingError

_GIB = 2**30
MEMORY = 3.0  # [GiB]; Spark's driver 1.5, its Python workers 1, the broker 0.5
DISK = 5.0  # [GiB]; the jars 0.05, a demo's log and checkpoints 1, the rest to breathe
_PATIENCE = 5_000  # [ms]
_BUG = "Not a fault of the machine we know of: please report it with this line."


@dataclass(frozen=True)
class Finding:
    """What one check saw; `mend` says what to do, and counts where it is not well.

    Where `seen` is false it had nothing to look at, which is no fault.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""
    seen: bool = True


@dataclass(frozen=True)
class Case:
    """Where to look: the environment, the work folder and, if there are, the broker with its topics, and the cluster.

    `client` are kafka-python's options, which may hold a password; `master` is Spark's.
    """

    environment: Mapping[str, str]
    folder: Path
    client: Mapping[str, object] = field(default_factory=dict, repr=False)
    topics: Sequence[str] = field(default=())
    master: str = "local"

    @property
    def bootstrap(self) -> object:
        """The bootstrap servers, None where there is no broker to look at."""
        return self.client.get("bootstrap_servers")


Check = Callable[[Case], Finding]


def examine(case: Case, *, more: Iterable[Check] = (), cluster: Iterable[Check] = ()) -> list[Finding]:
    """Run every check and return one finding each, in a fixed order; never raises.

    Parameters
    ----------
    case
        Where to look. The checks of the broker run only where it has a bootstrap server.
    more
        Further checks of the machine, run after its own.
    cluster
        Further checks that ask the broker; they run only where it answers and has the topics.
    """
    findings = [_looked(check, case) for check in (*MACHINE, *more)]
    for check in CLUSTER if case.bootstrap else ():
        findings.append(_looked(check, case))
        if not findings[-1].ok:
            return findings
    return findings + [_looked(check, case) for check in (cluster if case.bootstrap else ())]


def python(_: Case) -> Finding:
    """Look at this Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Finding("Python >= 3.11", ok, f"{version} ({sys.executable})", "" if ok else "Install Python 3.11 or newer.")


def java_version(case: Case) -> Finding:
    """Look for a Java that is new enough."""
    path = java.find(case.environment)
    version = java.version(path)
    ok = version >= java.OLDEST
    return Finding(f"Java >= {java.OLDEST}", ok, f"{version} ({path})", "" if ok else java.MEND)


def java_module(case: Case) -> Finding:
    """Look for the module without which Spark stops at once."""
    path = java.find(case.environment)
    ok = java.MODULE in java.modules(path)
    mend = "" if ok else f"This Java was built without it. {java.MEND}"
    return Finding(f"Java has {java.MODULE}", ok, "present" if ok else f"{path} has no such module", mend)


def jar_sums(case: Case) -> Finding:
    """Hash every jar and compare with the lock."""
    offline = case.environment.get(jars.OFFLINE_VARIABLE)
    folder = Path(offline) if offline else jars.cache_folder(case.environment)
    if not folder.is_dir():
        mend = f"Correct {jars.OFFLINE_VARIABLE}." if offline else "Start ./run once: it fetches them (54 MB)."
        return Finding("jars as in the lock", ok=False, found=f"{folder} does not exist", mend=mend)
    verified = jars.verify(folder)
    return Finding("jars as in the lock", ok=True, found=f"{len(verified.spark) + len(verified.broker)} in {folder}")


def memory(_: Case) -> Finding:
    """Look at the memory that is free, and at the container's limit."""
    free = _free_memory() / _GIB
    mend = "" if free >= MEMORY else "Close other programs or raise the container's limit; fewer customers need less."
    return Finding(f"memory >= {MEMORY:g} GiB", free >= MEMORY, f"{free:.1f} GiB free", mend)


def disk(case: Case) -> Finding:
    """Look at the space where the work folder is or will be."""
    where = next(path for path in (case.folder.absolute(), *case.folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(where).free / _GIB
    mend = "" if free >= DISK else "Delete old work folders, or choose one on a larger disk."
    return Finding(f"disk >= {DISK:g} GiB", free >= DISK, f"{free:.1f} GiB free at {where}", mend)


def port(_: Case) -> Finding:
    """Look whether a server may listen on the loopback address."""
    return Finding("a free port", ok=True, found=f"127.0.0.1:{free_port()}")


def spark_master(case: Case) -> Finding:
    """Knock at a standalone cluster's masters; other masters are left to Spark."""
    addresses = case.master.removeprefix("spark://").split(",") if case.master.startswith("spark://") else []
    closed = [address for address in addresses if not _is_open(address)]
    mend = "Start the master, or correct the setting master." if closed else ""
    return Finding("Spark master", not closed, f"{', '.join(closed)} does not answer" if closed else case.master, mend)


def broker(case: Case) -> Finding:
    """Ask the broker for its nodes."""
    with closing(_admin(case)) as admin:
        nodes = len(admin.describe_cluster()["brokers"])
    return Finding("broker reachable", ok=True, found=f"{nodes} node(s) at {case.bootstrap}")


def topics(case: Case) -> Finding:
    """Ask the broker for the topics we expect."""
    with closing(_admin(case)) as admin:
        missing = sorted(set(case.topics) - set(admin.list_topics()))
    if not missing:
        return Finding("topics present", ok=True, found=f"all {len(case.topics)}")
    named = "" if len(missing) == len(case.topics) else f": {', '.join(missing)}"
    mend = (
        f"Run `kwadrant topics --bootstrap {case.bootstrap}`, which creates them, or look whether this is the right "
        "Kafka. What needs the topics was not looked at."
    )
    return Finding(
        "topics present", ok=False, found=f"{len(missing)} of {len(case.topics)} are missing{named}", mend=mend
    )


MACHINE: tuple[Check, ...] = (python, java_version, java_module, jar_sums, memory, disk, port, spark_master)
CLUSTER: tuple[Check, ...] = (broker, topics)
"""Each needs the one before it."""


def _looked(check: Check, case: Case) -> Finding:
    name = check.__name__.replace("_", " ")
    try:
        return check(case)
    except (LaunchError, SegmentationError, StreamingError) as error:  # it says itself what to do
        return Finding(name, ok=False, found=type(error).__name__, mend=str(error))
    except Exception as error:  # noqa: BLE001 - the doctor reports what it cannot examine, and goes on
        asks_broker = check in CLUSTER or isinstance(error, KafkaError)
        mend = f"Check that a broker runs at {case.bootstrap} and lets you in." if asks_broker else _BUG
        found = f"{type(error).__name__}: {error}" + (last_word() if asks_broker else "")
        return Finding(name, ok=False, found=found, mend=mend)


def _admin(case: Case) -> KafkaAdminClient:
    return KafkaAdminClient(**{**case.client, "bootstrap_timeout_ms": _PATIENCE, "request_timeout_ms": _PATIENCE})


def _is_open(address: str) -> bool:
    host, _, number = address.rpartition(":")
    with suppress(OSError, ValueError), socket.create_connection((host, int(number)), timeout=_PATIENCE / 1000):
        return True
    return False


def _free_memory() -> int:
    """Return the free memory [B]: the machine's, or what the container's limit leaves where that is less."""
    fields = dict(line.split(":", 1) for line in _lines(Path("/proc/meminfo")))
    machine = int(fields["MemAvailable"].split()[0]) * 1024
    limit, used = (_lines(Path("/sys/fs/cgroup") / name) for name in ("memory.max", "memory.current"))
    if limit and used and limit[0] != "max":
        return min(machine, int(limit[0]) - int(used[0]))
    return machine


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
