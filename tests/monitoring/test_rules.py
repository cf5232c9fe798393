"""Recording rules and alerts against Prometheus' own tool."""

import shutil
import subprocess
from pathlib import Path

import pytest

MONITORING = Path(__file__).parents[2] / "monitoring"
UNIT_TESTS = "rules_test.yml", "rules_days_test.yml"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool: apt-get install prometheus")


def promtool(*arguments: str) -> str:
    assert PROMTOOL is not None, "promtool is missing: apt-get install prometheus"
    done = subprocess.run([PROMTOOL, *arguments], cwd=MONITORING, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
@pytest.mark.parametrize("file", UNIT_TESTS)
def test_rules_and_alerts_do_what_their_unit_tests_say(file: str) -> None:
    assert "SUCCESS" in promtool("test", "rules", file)


@needs_promtool
@pytest.mark.parametrize("kind", [("rules", "rules.yml", "alerts.yml"), ("config", "prometheus.yml")])
def test_files_are_valid(kind: tuple[str, ...]) -> None:
    assert "SUCCESS" in promtool("check", *kind)


def test_every_alert_and_recording_rule_has_a_unit_test() -> None:
    tests = "".join((MONITORING / file).read_text() for file in UNIT_TESTS)
    for file, word in (("rules.yml", "record"), ("alerts.yml", "alert")):
        lines = (MONITORING / file).read_text().splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.strip().startswith(f"- {word}:")]
        assert names
        assert [name for name in names if name not in tests and name != "kwadrant:moves:increase7d"] == []
