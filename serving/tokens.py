"""Tokens: who may ask, as what. Only their digests are kept."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, delete, insert, select

from serving.questions import ask
from serving.tables import TOKENS

Role = Literal["read", "admin"]
PREFIX = "kw_"


@dataclass(frozen=True)
class Bearer:
    """Who holds a token, and as what: an admin may also do what a reader may."""

    name: str
    role: Role


def create(engine: Engine, name: str, role: Role) -> str:
    """Return a new token of 256 random bits; it is shown this once and kept nowhere."""
    token = PREFIX + secrets.token_urlsafe(32)
    with engine.begin() as connection:
        connection.execute(insert(TOKENS), {"digest": _digest(token), "name": name, "role": role})
    return token


def bearer(engine: Engine, token: str) -> Bearer | None:
    """Return who holds `token`, None where nobody does."""
    found = ask(engine, select(TOKENS).where(TOKENS.c.digest == _digest(token)))
    return Bearer(found[0].name, found[0].role) if found else None


def revoke(engine: Engine, name: str) -> int:
    """Delete all tokens of a name; returns how many there were."""
    with engine.begin() as connection:
        return connection.execute(delete(TOKENS).where(TOKENS.c.name == name)).rowcount


def _digest(token: str) -> str:
    # 256 random bits need no slow hash: nobody can guess them
    return hashlib.sha256(token.encode()).hexdigest()
