"""The operators' verbs: help, what is refused before anybody is asked, and the words of an answer."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kwadrant import asking
from kwadrant.asking import Stream, asked
from kwadrant.cli import app
from kwadrant.errors import NoAnswerError, RefusedError
from schemas.control import Reply, Request

VERBS = [
    *(("model", verb) for verb in ("list", "diff", "promote", "hold", "rollback", "pin", "unpin", "name", "shadow")),
    ("dismiss",), ("undismiss",), ("close",), ("lane", "idle"), ("lane", "busy"),
]  # fmt: skip
STREAM = Stream({}, "town", 3)
REPLY = Reply("town", 3, "r", accepted=True, said="version 17 is promoted", close="2026-03-24", version=17)


def kwadrant(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_a_sentence_for_every_option(
    verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = kwadrant(*verb, "--help")
    assert result.exit_code == 0
    options = [line.strip("│ ") for line in result.output.splitlines() if "--" in line and line.startswith("│")]
    assert options
    assert all(len(option.split()) > 3 for option in options), options


WRONG = {
    "no broker named": (("model", "list"), r"which Kafka\?"),
    "no broker to ask": (("model", "hold"), r"which Kafka\?"),
    "a shadow that is no file": (("model", "shadow", "nowhere"), "nowhere is no model: .* models.jsonl"),
    "a shadow that is no model": (("model", "shadow", "odd.json"), "odd.json is no model: .*missing required field"),
    "an epoch that is none": (("close", "yesterday"), "Invalid isoformat string: 'yesterday'"),
    "an epoch that is not over": (
        ("close", "2150-01-01"),
        "2150-01-01 is not over: what is still to come would be late",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_a_sentence(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("odd.json").write_text("{}\n")
    arguments, words = WRONG[name]
    result = kwadrant(*arguments)
    said = " ".join(result.stderr.split())
    assert result.exit_code == 2, result.output
    assert said.startswith("error: ")
    assert re.search(words, said)


def answered(monkeypatch: pytest.MonkeyPatch, reply: Reply | None) -> list[Request]:
    """Return the requests that are sent, to each of which this is the answer."""
    sent: list[Request] = []

    def send(_: Stream, request: Request) -> int:
        sent.append(request)
        return 7

    monkeypatch.setattr(asking, "_send", send)
    monkeypatch.setattr(asking, "_answer", lambda *_: reply)
    return sent


def test_an_answer_says_what_is_done_and_from_when_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = answered(monkeypatch, REPLY)
    said = asked(STREAM, "promote", {"version": 17}, "looked at it", wait=True)
    assert said == "version 17 is promoted; takes effect at the close of 2026-03-24, version 17"
    (request,) = sent
    assert (request.stream, request.generation, request.action) == ("town", 3, "promote")
    assert (request.arguments, request.because, request.epoch) == ({"version": 17}, "looked at it", None)


def test_what_is_done_at_once_names_no_close(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, REPLY)
    assert asked(STREAM, "dismiss", {}, "x", wait=True) == "version 17 is promoted"


def test_every_request_has_an_id_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = answered(monkeypatch, REPLY)
    for _ in range(3):
        asked(STREAM, "hold", {}, None, wait=True)
    assert len({request.id for request in sent}) == 3


def test_nobody_waits_who_does_not_want_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, None)
    assert "will stand on the control topic" in asked(STREAM, "hold", {}, None, wait=False)


def test_a_refusal_is_an_error_in_the_streams_words(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, Reply("town", 3, "r", accepted=False, said="nothing is held", close="x", version=1))
    with pytest.raises(RefusedError, match="nothing is held"):
        asked(STREAM, "promote", {}, None, wait=True)


def test_silence_is_an_error_that_says_that_the_request_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, None)
    with pytest.raises(NoAnswerError, match=r"is the stream running\? The request stands in the log"):
        asked(STREAM, "promote", {}, None, wait=True)


@pytest.mark.parametrize("because", ["", "x" * 501])
def test_a_request_that_nobody_could_read_is_not_sent(because: str) -> None:
    with pytest.raises(RefusedError, match="a reason has 1 to 500 characters"):
        asked(STREAM, "hold", {}, because, wait=True)
