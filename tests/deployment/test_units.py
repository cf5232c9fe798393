"""The systemd units: systemd's own check, and that what they start is a command that there is."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from kwadrant.cli import app

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy").glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
INSTALLED = "/opt/kwadrant"


def settings(unit: Path) -> dict[str, str]:
    """Return a unit's settings; of one that is given twice, the values together."""
    found: dict[str, str] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found[name] = f"{found[name]} {value}" if name in found else value
    return found


def test_there_is_one_for_each_service() -> None:
    assert [unit.name for unit in UNITS] == ["kwadrant-serve.service", "kwadrant-stream.service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_what_it_starts_is_a_verb_of_ours_with_options_of_ours(unit: Path) -> None:
    python, option, package, verb, *rest = shlex.split(settings(unit)["ExecStart"])
    assert (python, option, package) == (f"{INSTALLED}/.venv/bin/python", "-m", "kwadrant")
    with get_command(app).commands[verb].make_context(verb, rest) as context:  # type: ignore[attr-defined]
        assert context.params
    assert f"PYTHONPATH={INSTALLED} " in settings(unit)["Environment"]
    assert (ROOT / settings(unit)["Documentation"].removeprefix(f"file:{INSTALLED}/")).exists()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_it_is_nobody_special_and_ends_as_it_should(unit: Path) -> None:
    found = settings(unit)
    assert found["User"] not in ("root", "0")
    assert (found["KillMode"], found["Restart"]) == ("mixed", "on-failure")
    assert found["EnvironmentFile"].startswith("-/etc/")
    assert "PASSWORD" not in found["Environment"]


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze: apt-get install systemd")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_no_fault(unit: Path, tmp_path: Path) -> None:
    assert verified(unit.read_text(encoding="utf-8"), tmp_path / unit.name) == ""


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze: apt-get install systemd")
def test_systemd_sees_a_fault(tmp_path: Path) -> None:
    text = UNITS[0].read_text(encoding="utf-8").replace("KillMode=mixed", "KilMode=mixed")
    assert "KilMode" in verified(text, tmp_path / UNITS[0].name)


def verified(text: str, copy: Path) -> str:
    """Return what systemd says of a unit, its Python and its pages replaced by those that are here."""
    assert ANALYZE is not None
    copy.write_text(text.replace(f"{INSTALLED}/.venv/bin/python", "/bin/true"), encoding="utf-8")
    command = [ANALYZE, "verify", "--man=no", "--recursive-errors=no", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "\n".join(line for line in (done.stdout + done.stderr).splitlines() if copy.name in line)
