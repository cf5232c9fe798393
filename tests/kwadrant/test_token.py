"""`kwadrant token`: a token belongs to a store that is there, and only what is there is revoked."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kwadrant.cli import app
from serving import tokens
from serving.store import open_store


def token(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["token", *arguments])


def test_a_token_is_made_for_a_store_that_is_there_and_revoked_by_name(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    engine = open_store(store)
    made = token("create", "crm", "--role", "admin", "--store", store)
    assert tokens.bearer(engine, made.stdout.strip()) == tokens.Bearer("crm", "admin")
    assert token("revoke", "crm", "--store", store).stdout == "1 revoked\n"
    assert tokens.bearer(engine, made.stdout.strip()) is None


@pytest.mark.parametrize(
    "words", [["create", "crm"], ["revoke", "crm"], ["create", "crm", "--store", "sqlite:///s.db"]]
)
def test_a_store_that_is_not_there_is_refused_and_not_made(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = token(*words)
    assert refused.exit_code == 2
    assert "--store" in refused.stderr
    assert "kwadrant serve" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_revoking_a_name_that_nobody_bears_is_an_error(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    open_store(store)
    refused = token("revoke", "nobody", "--store", store)
    assert refused.exit_code == 2
    assert "'nobody'" in refused.stderr


def test_an_address_that_is_none_is_refused_in_words() -> None:
    refused = token("create", "crm", "--store", "var/store.db")
    assert refused.exit_code == 2
    assert "the store cannot be opened" in refused.stderr
