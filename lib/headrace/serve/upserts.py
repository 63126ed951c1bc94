"""What is known of one thing, kept as the newest record of a compacted topic: PUT, PATCH, DELETE one, POST many.

What the things are, and where a PATCH finds what is known already, their own modules say (items, users).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from headrace.domain.events import MAX_ID
from headrace.serve.batches import split_json, split_lines
from headrace.serve.bodies import JSON, NDJSON, as_json, decode, media_type, read_body, read_json
from headrace.serve.openapi import REF
from headrace.serve.operation import Operation, Parameter, Schema
from headrace.serve.problems import Problem, bad_field
from headrace.serve.service import Service
from headrace.stores.ports import Appended

Plain: TypeAlias = Mapping[str, object]

MAX_AT_ONCE: Final = 500
BROKEN: Final = ("not-json", "bad-field", "too-large", "unsupported-media-type", "unavailable")


class Accepted(Struct, frozen=True):
    """How many of them the broker acknowledged."""

    accepted: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Upserts:
    """One kind of thing.

    noun     "item": it stands in the paths, in the names of the operations and in what is said
    body     what may be said of one; every field may be UNSET, and null is the same as absent
    named    the same with its id
    counter  what counts the acknowledged records
    deleted  what deleting one means; about_delete: what it does not mean
    known    id → what is known of it; None where nothing is. May raise StoreUnavailable
    wrote    told of each record that the broker acknowledged; None: it was deleted
    """

    noun: str
    topic: str
    body: type[Struct]
    named: type[Struct]
    counter: str
    deleted: str
    about_delete: str = ""
    known: Callable[[str], Awaitable[Plain | None]]
    wrote: Callable[[Appended, str, Plain | None], None]

    @property
    def id_field(self) -> str:
        return f"{self.noun}_id"


def id_parameter(noun: str) -> Parameter:
    """The path's id of one."""
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_ID}
    return Parameter(f"{noun}_id", f"The {noun}'s id.", schema)


def id_of(request: Request, noun: str) -> str:
    """The path's id. Raises Problem for one that no event could name."""
    one: str = request.path_params[f"{noun}_id"]
    if not 1 <= len(one) <= MAX_ID:
        raise bad_field(f"{noun}_id", one, f"Expected str of length 1 to {MAX_ID}")
    return one


def upsert_operations(service: Service, kind: Upserts) -> tuple[Operation, ...]:
    """PUT, PATCH, DELETE /v1/<noun>s/{<noun>_id} and POST /v1/<noun>s."""
    limit, noun, id_field = service.settings.max_body_bytes, kind.noun, kind.id_field
    body, named = msgspec.json.Decoder(kind.body), msgspec.json.Decoder(kind.named)
    changing = asyncio.Lock()  # a PATCH reads and then appends; what comes between the two would be lost

    async def append(one: str, plain: Plain | None) -> None:
        value = None if plain is None else msgspec.json.encode(plain)
        kind.wrote(await service.log.append(service.topic(kind.topic), one.encode(), value), one, plain)
        service.metrics.count(kind.counter)

    async def put(request: Request) -> Response:
        one = id_of(request, noun)
        plain = {id_field: one, **_said(await read_json(request, body, limit))}
        async with changing:
            await append(one, plain)
        return as_json(plain)

    async def patch(request: Request) -> Response:
        one = id_of(request, noun)
        changes = msgspec.to_builtins(await read_json(request, body, limit))
        async with changing:
            known = await kind.known(one)
            if known is None:
                raise Problem("not-found", f"{noun} {one!r} is not known: PUT it first")
            merged = {id_field: one, **known, **changes}
            plain = {name: value for name, value in merged.items() if value is not None}
            await append(one, plain)
        return as_json(plain)

    async def delete(request: Request) -> Response:
        one = id_of(request, noun)
        async with changing:
            await append(one, None)
        return Response(status_code=204)

    async def post(request: Request) -> Response:
        media = media_type(request, (JSON, NDJSON))
        sent = await read_body(request, limit)
        raws = split_lines(sent) if media == NDJSON else split_json(sent)
        if len(raws) > MAX_AT_ONCE:
            raise bad_field("", len(raws), f"Expected at most {MAX_AT_ONCE} in one request")
        # All are read before any is kept: one that is wrong keeps the others from being half of what was sent.
        many = [_said(decode(named, raw, at=f"[{index}]")) for index, raw in enumerate(raws)]
        by_id = [(str(plain[id_field]), plain) for plain in many]
        async with changing:
            await asyncio.gather(*(append(one, {id_field: one, **plain}) for one, plain in by_id))
        return as_json(Accepted(accepted=len(many)))

    path, title, named_ref = f"/v1/{noun}s/{{{id_field}}}", noun.title(), _ref(kind.named)
    return (
        Operation(
            "PUT",
            path,
            f"put{title}",
            f"Say all that is known of {_a(noun)}.",
            put,
            {200: (f"The {noun} as it is now", kind.named)},
            parameters=(id_parameter(noun),),
            request={JSON: kind.body},
            problems=BROKEN,
            slashes_in=id_field,
        ),
        Operation(
            "PATCH",
            path,
            f"patch{title}",
            f"Change some of what is known of {_a(noun)}.",
            patch,
            {200: (f"The {noun} as it is now", kind.named)},
            about="What is not named stays; null makes a field absent (RFC 7396). Of two changes at the same moment"
            " through two processes, the one that the broker has last stands.",
            parameters=(id_parameter(noun),),
            request={JSON: kind.body},
            problems=("not-found", *BROKEN),
            slashes_in=id_field,
        ),
        Operation(
            "DELETE",
            path,
            f"delete{title}",
            f"{kind.deleted}.",
            delete,
            {204: (f"It is done; deleting an unknown {noun} is fine", None)},
            about=kind.about_delete,
            parameters=(id_parameter(noun),),
            problems=("bad-field", "unavailable"),
            slashes_in=id_field,
        ),
        Operation(
            "POST",
            f"/v1/{noun}s",
            f"put{title}s",
            f"Say all that is known of up to {MAX_AT_ONCE} {noun}s: one, an array, or a line each.",
            post,
            {200: ("All of them are kept", Accepted)},
            about="With 503 some may be kept; sending all again changes nothing for those.",
            request={
                JSON: {"oneOf": [named_ref, {"type": "array", "items": named_ref, "maxItems": MAX_AT_ONCE}]},
                NDJSON: {"type": "string", "description": f"{_a(noun)} a line.".capitalize()},
            },
            problems=BROKEN,
        ),
    )


def _said(body: Struct) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(body)
    return {name: value for name, value in plain.items() if value is not None}


def _ref(named: type[Struct]) -> Schema:
    return {"$ref": REF.format(name=named.__name__)}


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"
