"""GET /v1/decisions/{request_id}: why an answer was what it was. Reads the record; the live service wrote it."""

from __future__ import annotations

import zlib

from starlette.requests import Request
from starlette.responses import Response

from headrace.domain.events import MAX_ID
from headrace.serve.bodies import JSON
from headrace.serve.operation import Operation, Parameter
from headrace.serve.problems import Problem, bad_field
from headrace.serve.service import Service

REQUEST_ID = Parameter("request_id", "From the answer.", {"type": "string", "minLength": 1, "maxLength": MAX_ID})


def operations(service: Service) -> tuple[Operation, ...]:
    """GET /v1/decisions/{request_id}."""

    async def get(request: Request) -> Response:
        request_id: str = request.path_params["request_id"]
        if len(request_id) > MAX_ID:
            raise bad_field("request_id", request_id, f"Expected str of length <= {MAX_ID}")
        record = await service.circuit.read(
            lambda: service.stores().decisions.get(request_id), service.settings.deadline_ms / 1000
        )
        if record is None:
            raise Problem(
                "not-found",
                f"no decision {request_id!r}: its record takes a second or two to arrive, is kept for a week, and a dry"
                " run has none",
            )
        return Response(zlib.decompress(record), media_type=JSON)

    return (
        Operation(
            "GET",
            "/v1/decisions/{request_id}",
            "decision",
            "Everything that an answer was made from.",
            get,
            {200: ("The decision record", None)},
            parameters=(REQUEST_ID,),
            problems=("bad-field", "not-found", "unavailable"),
        ),
    )
