"""POST /v1/rerank: the items that are on the page already, in a new order. Nothing is added, nothing left out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from headrace.domain.recommend import rerank
from headrace.serve.bodies import JSON, decode, encoded, json_response, read_json_body
from headrace.serve.operation import Operation, Ranked
from headrace.serve.ranking import log, prepare, ranked_list
from headrace.serve.service import Service
from headrace.serve.wire import RERANK, FilterBody, RankedList, RerankRequest


def operations(service: Service, ranked: Ranked) -> tuple[Operation, ...]:
    """POST /v1/rerank."""

    async def post(request: Request) -> Response:
        return json_response(await ranked("rerank", await read_json_body(request, service.settings.max_body_bytes)))

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


async def reranked(service: Service, body: bytes) -> bytes:
    """The page in its new order, and its decision on the way to the log. Raises Problem for a body that is wrong."""
    asked = decode(RERANK, body)
    ranking = await prepare(service, asked.user_id, asked.session_id, asked.context, len(asked.items), FilterBody())
    answer = rerank(ranking.inputs, ranking.snapshots, service.policy, asked.items)
    if not asked.dry_run:
        log(service, ranking, answer, asked.placement, body, asked.items)
    return encoded(ranked_list(service, ranking, answer))
