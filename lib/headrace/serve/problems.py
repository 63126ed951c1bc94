"""What is wrong with a request, as RFC 9457 problem+json. No routing, no parsing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from headrace.errors import HeadraceError, RecordTooLarge, StoreUnavailable

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
MAX_ECHO: Final = 200

TITLES: Final = {
    "not-json": (400, "The body is not JSON"),
    "bad-field": (400, "A field is wrong"),
    "not-found": (404, "There is nothing here"),
    "method-not-allowed": (405, "This address does not take that method"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body's type is not one that this address reads"),
    "internal": (500, "Something here is broken"),
    "unavailable": (503, "A store does not answer"),
}
"""kind → (status, title). The `type` of a problem is `/docs#problem-<kind>`, where it is explained."""


class FieldError(msgspec.Struct, frozen=True):
    """One wrong field: its path in the body or query, what was sent (cut to 200 characters), and what is expected."""

    field: str
    value: Annotated[object, msgspec.Meta(extra_json_schema={"description": "Any JSON."})]
    message: str


class ProblemBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every answer that is not a success."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: tuple[FieldError, ...] = ()


class Problem(HeadraceError):
    """The request cannot be answered; `kind` is a key of TITLES."""

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def bad_field(field: str, value: object, message: str) -> Problem:
    """The problem of one wrong field."""
    return Problem("bad-field", f"{field}: {message}", [FieldError(field, echo(value), message)])


def echo(value: object) -> object:
    """What was sent, short enough to send back: a long string is cut, a large structure becomes its cut JSON."""
    if isinstance(value, str):
        return value if len(value) <= MAX_ECHO else value[:MAX_ECHO] + "…"
    text = msgspec.json.encode(value, enc_hook=repr).decode()
    return value if len(text) <= MAX_ECHO else text[:MAX_ECHO] + "…"


def answer(problem: Problem, path: str) -> Response:
    """The response that tells the client."""
    status, title = TITLES[problem.kind]
    body = ProblemBody(
        type=f"/docs#problem-{problem.kind}",
        title=title,
        status=status,
        detail=problem.detail,
        instance=path,
        errors=problem.errors,
    )
    return Response(msgspec.json.encode(body), status, problem.headers, MEDIA_TYPE)


def status_of(error: HeadraceError) -> int:
    """The status that the handlers below answer it with."""
    if isinstance(error, Problem):
        return TITLES[error.kind][0]
    kind = {StoreUnavailable: "unavailable", RecordTooLarge: "too-large"}.get(type(error), "internal")
    return TITLES[kind][0]


async def on_problem(request: Request, error: Exception) -> Response:
    """Starlette's handler of Problem."""
    assert isinstance(error, Problem)
    return answer(error, request.url.path)


async def on_unavailable(request: Request, error: Exception) -> Response:
    """Starlette's handler of StoreUnavailable: 503, and when to come again."""
    return answer(Problem("unavailable", str(error), headers={"Retry-After": str(RETRY_AFTER_S)}), request.url.path)


async def on_too_large(request: Request, error: Exception) -> Response:
    """Starlette's handler of RecordTooLarge."""
    return answer(Problem("too-large", str(error)), request.url.path)


async def on_http(request: Request, error: Exception) -> Response:
    """Starlette's handler of its own errors: only its router raises them, 404 and 405."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "")
        detail = f"{request.method} is not one of {allow}"
        return answer(Problem("method-not-allowed", detail, headers=error.headers), request.url.path)
    return answer(Problem("not-found", "no such address; /docs lists them"), request.url.path)


async def on_bug(request: Request, _: Exception) -> Response:
    """Starlette's handler of what nobody expected. It re-raises afterwards, so the server logs the traceback."""
    return answer(Problem("internal", "the server's log has the traceback"), request.url.path)


HANDLERS: Final = {
    Problem: on_problem,
    StoreUnavailable: on_unavailable,
    RecordTooLarge: on_too_large,
    HTTPException: on_http,
    Exception: on_bug,
}
