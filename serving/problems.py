"""Errors as problem documents (RFC 9457): what is wrong, in words, and what to do."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
AGAIN_S = 5
"""When to ask again where the store does not answer [s]."""


class Problem(BaseModel):
    """A problem document."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Refused(Exception):  # noqa: N818 - the answer is the refusal, not a fault of ours
    """A request that is answered with a problem document."""

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        """Keep what is answered."""
        super().__init__(detail)
        self.problem = Problem(title=title, status=status, detail=detail)
        self.headers = headers


def not_found(what: str) -> Refused:
    """Return the refusal of something that is not there."""
    return Refused(404, "Not found", what)


def too_often(what: str, wait: float) -> Refused:
    """Return the refusal of one who has to `wait` [s]: header and words name the same whole seconds."""
    seconds = int(wait) + 1
    return Refused(429, "Too many requests", f"{what}; wait {seconds} s", {"Retry-After": str(seconds)})


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""

    @app.exception_handler(Refused)
    def refused(_: Request, error: Refused) -> JSONResponse:
        return _response(error.problem, error.headers)

    @app.exception_handler(OperationalError)
    def away(_: Request, __: OperationalError) -> JSONResponse:
        problem = Problem(title="Store unavailable", status=503, detail="the store does not answer now; ask again")
        return _response(problem, {"Retry-After": str(AGAIN_S)})

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return _response(Problem(title="Invalid request", status=422, detail=found))

    @app.exception_handler(HTTPException)
    def other(_: Request, error: HTTPException) -> JSONResponse:
        problem = Problem(title=str(error.detail), status=error.status_code, detail="see the API's own description")
        return _response(problem, dict(error.headers or {}))


def _response(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(problem.model_dump(), problem.status, headers, MEDIA_TYPE)
