"""Bytes of a request body in, checked values out, or a Problem that names the field. No use case."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from headrace.serve.problems import FieldError, Problem, echo

T = TypeVar("T")

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"

_AT: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_NAMED: Final = re.compile(r"^Object (?P<verb>contains unknown|missing required) field `(?P<name>.*)`$", re.DOTALL)
_STEP: Final = re.compile(r"[^.\[\]]+")
_encoder: Final = msgspec.json.Encoder()


def media_type(request: Request, accepted: tuple[str, ...]) -> str:
    """The body's media type; absent counts as the first accepted one. Raises Problem for another, or for a coding."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise Problem("unsupported-media-type", f"Content-Encoding {coding}: send the body as it is")
    header = request.headers.get("content-type", accepted[0])
    kind, *parameters = (part.strip().lower() for part in header.split(";"))
    charset = [p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")]
    if kind not in accepted or any(name not in ("utf-8", "us-ascii") for name in charset):
        raise Problem(
            "unsupported-media-type",
            f"Content-Type {header}: expected {' or '.join(accepted)}, in UTF-8",
            headers={"Accept-Post": ", ".join(accepted)},
        )
    return kind


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises Problem as soon as it is known to be longer than `limit` bytes."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def too_large(limit: int) -> Problem:
    """The problem of a body above `limit` bytes."""
    return Problem("too-large", f"at most {limit} bytes are read; send several requests")


async def read_json(request: Request, decoder: msgspec.json.Decoder[T], limit: int) -> T:
    """The request's JSON body as the decoder's type."""
    return decode(decoder, await read_json_body(request, limit))


async def read_json_body(request: Request, limit: int) -> bytes:
    """The bytes of a body that says it is JSON."""
    media_type(request, (JSON,))
    return await read_body(request, limit)


def decode(decoder: msgspec.json.Decoder[T], body: bytes, at: str = "") -> T:
    """The body as the decoder's type. Raises Problem: not JSON, or the first field that is wrong.

    `at` is where this stands in what was sent, such as "[3]".
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _wrong_field(str(error), body, at) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise not_json(f"{at}: {error}" if at else str(error)) from error
    except RecursionError as error:
        raise not_json("nested too deeply") from error


def not_json(why: str) -> Problem:
    """The problem of bytes that are not one JSON document."""
    return Problem("not-json", f"{why}; expected one JSON document in UTF-8")


def as_json(value: object, status: int = 200) -> Response:
    """The answer as JSON."""
    return json_response(encoded(value), status)


def json_response(body: bytes, status: int = 200) -> Response:
    """The answer, which is JSON already."""
    return Response(body, status, media_type=JSON)


def encoded(value: object) -> bytes:
    """A value as JSON."""
    return _encoder.encode(value)


def _wrong_field(message: str, body: bytes, at: str) -> Problem:
    found = _AT.match(message)
    assert found is not None  # every string matches
    what, path = found["what"], found["path"] or ""
    named = _NAMED.match(what)
    if named is not None:
        path = f"{path}.{named['name']}" if path else named["name"]
        what = "unknown field" if named["verb"] == "contains unknown" else "required"
    what = what.replace("`", "")
    whole = f"{at}.{path}" if at and path else at or path
    value = echo(_value_at(body, path))
    return Problem("bad-field", f"{whole or 'body'}: {what}", [FieldError(whole, value, what)])


def _value_at(body: bytes, path: str) -> object:
    """What the body has at `context.events[2].kind`; None where the path leads nowhere."""
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # a field was wrong before the place where the document is broken
    for step in _STEP.findall(path):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
