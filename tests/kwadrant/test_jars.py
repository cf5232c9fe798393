"""The jars are those of the lock, or a named error says which are not."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kwadrant import ivy, jars
from kwadrant.errors import (
    JarsChangedError,
    JarsError,
    JarsExtraError,
    JarsFetchError,
    JarsLockError,
    JarsMissingError,
)

CONTENT = {"spark/a-1.jar": b"a", "broker/b-1.jar": b"b", "broker/c-1.jar": b"c"}
SUMS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of tiny jars as in SUMS."""
    for name, content in CONTENT.items():
        path = tmp_path / "jars" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "jars"


def test_the_jars_of_the_lock_pass_as_two_class_paths(folder: Path) -> None:
    verified = jars.verify(folder, SUMS)

    assert verified.spark == (folder / "spark/a-1.jar",)
    assert verified.broker == (folder / "broker/b-1.jar", folder / "broker/c-1.jar")


REFUSALS: list[tuple[str, Callable[[Path], object], type[JarsError], str]] = [
    ("changed", lambda f: (f / "broker/b-1.jar").write_bytes(b"x"), JarsChangedError, "broker/b-1.jar: has another"),
    ("missing", lambda f: (f / "spark/a-1.jar").unlink(), JarsMissingError, "spark/a-1.jar: is missing"),
    ("extra", lambda f: (f / "broker/d-1.jar").write_bytes(b"d"), JarsExtraError, "broker/d-1.jar: is not in the lock"),
    ("wrong class path", lambda f: (f / "broker/b-1.jar").rename(f / "spark/b-1.jar"), JarsMissingError, "broker/b-1"),
]


@pytest.mark.parametrize(("what", "damage", "error", "words"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_another_jar_is_refused(
    folder: Path, what: str, damage: Callable[[Path], object], error: type[JarsError], words: str
) -> None:
    damage(folder)

    with pytest.raises(error, match=words) as refusal:
        jars.verify(folder, SUMS)
    assert "start again" in str(refusal.value), what


def test_a_damage_after_the_stamp_was_written_is_seen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "read_lock", lambda: SUMS)
    environment = {jars.OFFLINE_VARIABLE: str(folder)}
    jars.ensure(report=_unheard, environment=environment)

    (folder / "broker/b-1.jar").write_bytes(b"other")

    with pytest.raises(JarsChangedError, match="b-1"):
        jars.ensure(report=_unheard, environment=environment)


def test_a_second_look_hashes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "read_lock", lambda: SUMS)
    environment = {jars.OFFLINE_VARIABLE: str(folder)}
    first = jars.ensure(report=_unheard, environment=environment)
    monkeypatch.setattr(jars, "verify", _unexpected)

    assert jars.ensure(report=_unheard, environment=environment) == first


def test_an_offline_folder_that_is_not_there_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(JarsMissingError, match=jars.OFFLINE_VARIABLE):
        jars.ensure(report=_unheard, environment={jars.OFFLINE_VARIABLE: str(tmp_path / "none")})


def test_the_lock_of_the_project_parses_and_keeps_the_class_paths_apart() -> None:
    sums = jars.read_lock()

    assert {name.partition("/")[0] for name in sums} == {"spark", "broker"}
    assert "spark/kafka-clients-3.9.2.jar" in sums
    assert "broker/kafka-clients-4.3.1.jar" in sums


@pytest.mark.parametrize("line", ["abc spark a.jar", f"{'0' * 64} other a.jar", f"{'0' * 64} spark", f"{'0' * 64}"])
def test_a_line_that_is_no_lock_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "jars.lock"
    path.write_text(f"# head\n{line}\n")

    with pytest.raises(JarsLockError, match="line 2"):
        jars.read_lock(path)


@pytest.fixture
def fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache folder of a lock with the tiny jars, to be fetched by a stand-in for Ivy."""
    monkeypatch.setattr(jars, "read_lock", lambda: SUMS)
    return tmp_path / "cache" / "jars"


def test_what_is_fetched_is_there_whole_and_nothing_else(fetching: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ivy, "resolve", _deliver(CONTENT))

    found = jars.ensure(fetching, report=_unheard, environment=os.environ)

    assert len(found.broker) == 2
    assert sorted(path.name for path in fetching.parent.iterdir()) == ["jars", "jars.lock"]


def test_a_mirror_that_serves_another_jar_leaves_no_folder(fetching: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ivy, "resolve", _deliver(CONTENT | {"spark/a-1.jar": b"evil"}))

    with pytest.raises(JarsChangedError, match="a-1"):
        jars.ensure(fetching, report=_unheard, environment=os.environ)
    assert [path.name for path in fetching.parent.iterdir()] == ["jars.lock"]


def test_progress_counts_and_remembers_what_failed() -> None:
    heard: list[str] = []
    progress = ivy.Progress(2, heard.append)

    progress.hear("\tfound org.x#a;1 in maven\n")
    progress.hear("\t[SUCCESSFUL ] org.x#a;1!a.jar(bundle) (133ms)\n")
    progress.hear("\t\t:: org.x#b;2: not found\n")

    assert heard == ["jars: looked up 1 of about 2 (org.x#a;1)", "jars: fetched 1 of 2 (a.jar)"]
    assert list(progress.failed) == ["org.x#b;2"]


@pytest.mark.integration
def test_an_artefact_the_mirror_has_not_is_named(tmp_path: Path) -> None:
    mirror = (tmp_path / "empty").as_uri()

    with pytest.raises(JarsFetchError, match=r"kafka_2\.13;4\.3\.1") as failure:
        jars.ensure(tmp_path / "jars", report=_unheard, environment=os.environ | {jars.MIRROR_VARIABLE: mirror})
    assert jars.MIRROR_VARIABLE in str(failure.value)
    assert mirror in str(failure.value)


def test_without_a_mirror_the_settings_name_no_host() -> None:
    assert "://" not in ivy.settings(None)
    assert 'root="https://mirror/?a&amp;b"' in ivy.settings("https://mirror/?a&b")


def _deliver(content: dict[str, bytes]) -> Callable[..., Path]:
    def resolve(_java: Path, work: Path, **_: object) -> Path:
        for name, data in content.items():
            path = work / "jars" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return work / "jars"

    return resolve


def _unheard(_line: str) -> None:
    """Take a line of progress."""


def _unexpected(*_: object) -> None:
    pytest.fail("it hashed again")
