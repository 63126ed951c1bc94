"""POST /v1/rerank: the items that are on the page already, in a new order. Nothing is added, nothing left out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from headrace.domain.recommend import rerank
from headrace.serve.bodies import JSON, as_json, decode, read_json_body
from headrace.serve.operation import Operation
from headrace.serve.ranking import log, prepare, ranked_list
from headrace.serve.service import Service
from headrace.serve.wire import RERANK, FilterBody, RankedList, RerankRequest


def operations(service: Service) -> tuple[Operation, ...]:
    """POST /v1/rerank."""

    async def post(request: Request) -> Response:
        body = await read_json_body(request, service.settings.max_body_bytes)
        asked = decode(RERANK, body)
        ranking = await prepare(service, asked.user_id, asked.session_id, asked.context, len(asked.items), FilterBody())
        answer = rerank(ranking.inputs, ranking.snapshots, service.policy, asked.items)
        if not asked.dry_run:
            log(service, ranking, answer, asked.placement, body, asked.items)
        return as_json(ranked_list(service, ranking, answer))

    return (
        Operation(
            "POST",
            "/v1/rerank",
            "rerank",
            "The items of a page in a new order for a person.",
            post,
            {200: ("The same items, each once; those that the catalogue does not know come last", RankedList)},
            request={JSON: RerankRequest},
            problems=("not-json", "bad-field", "too-large", "unsupported-media-type"),
        ),
    )
