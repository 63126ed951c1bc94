"""POST /v1/recommendations: a list for a person, made from what is there, whatever is missing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from headrace.domain.because import because
from headrace.domain.recommend import recommend
from headrace.serve.bodies import JSON, decode, encoded, json_response, read_json_body
from headrace.serve.operation import Operation, Ranked
from headrace.serve.problems import bad_field
from headrace.serve.ranking import log, prepare, ranked_list
from headrace.serve.service import Service
from headrace.serve.wire import RECOMMENDATION, RankedList, RecommendationRequest


def operations(service: Service, ranked: Ranked) -> tuple[Operation, ...]:
    """POST /v1/recommendations."""

    async def post(request: Request) -> Response:
        return json_response(await ranked("recommend", await read_json_body(request, service.settings.max_body_bytes)))

    return (
        Operation(
            "POST",
            "/v1/recommendations",
            "recommend",
            "A list for a person, or for nobody known.",
            post,
            {200: ("The list; `degraded` says what it had to do without", RankedList)},
            about="Events in context count at once. A lost store makes the list poorer, never an error.",
            request={JSON: RecommendationRequest},
            problems=("not-json", "bad-field", "too-large", "unsupported-media-type"),
        ),
    )


async def recommended(service: Service, body: bytes) -> bytes:
    """The list, and its decision on the way to the log. Raises Problem for a body that asks for nothing possible."""
    asked = decode(RECOMMENDATION, body)
    wanted = asked.filter
    if wanted.price_from is not None and wanted.price_to is not None and wanted.price_from > wanted.price_to:
        raise bad_field("filter.price_from", wanted.price_from, f"Expected at most price_to, {wanted.price_to}")
    ranking = await prepare(service, asked.user_id, asked.session_id, asked.context, asked.limit, wanted, asked.exclude)
    answer = recommend(ranking.inputs, ranking.snapshots, service.policy)
    reasons = because(ranking.inputs, ranking.snapshots, service.policy, answer) if asked.explain else None
    if not asked.dry_run:
        log(service, ranking, answer, asked.placement, body)
    return encoded(ranked_list(service, ranking, answer, reasons))
