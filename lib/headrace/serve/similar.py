"""GET /v1/similar/{item_id}: items like an item, for anybody. It asks no store."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from headrace.domain.similar import similar
from headrace.serve.bodies import as_json
from headrace.serve.operation import Operation, Parameter
from headrace.serve.problems import bad_field
from headrace.serve.ranking import title_of, versions
from headrace.serve.service import Service
from headrace.serve.upserts import id_of, id_parameter
from headrace.serve.wire import MAX_LIMIT, Versions

DEFAULT_LIMIT: Final = 20
LIMIT: Final = Parameter(
    "limit",
    "How many at most.",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    where="query",
)


class SimilarItem(Struct, frozen=True):
    """One item in its place, from 0. `score_micro`: similarity in millionths, 0 for one that only fills up."""

    item_id: str
    title: str | None
    place: int
    score_micro: int
    source: str


class SimilarList(Struct, frozen=True):
    """Items like an item. `known`: whether the catalogue knows it; an unknown one gets what is popular."""

    world: str
    item_id: str
    known: bool
    versions: Versions
    items: tuple[SimilarItem, ...]


def operations(service: Service) -> tuple[Operation, ...]:
    """GET /v1/similar/{item_id}."""

    async def get(request: Request) -> Response:
        item_id, limit = id_of(request, "item"), _limit(request)
        snapshots = service.served.current
        catalogue = snapshots.catalogue
        found = similar(snapshots, item_id, limit)
        return as_json(
            SimilarList(
                world=service.world.name,
                item_id=item_id,
                known=item_id in catalogue.index,
                versions=versions(snapshots, service.policy, has_candidates=False),
                items=tuple(
                    SimilarItem(one.item, title_of(catalogue, catalogue.index[one.item]), place, one.score, one.source)
                    for place, one in enumerate(found)
                ),
            )
        )

    return (
        Operation(
            "GET",
            "/v1/similar/{item_id}",
            "similar",
            "Items like an item: its neighbours, then the popular ones of its category, then of all.",
            get,
            {200: ("The list", SimilarList)},
            parameters=(id_parameter("item"), LIMIT),
            problems=("bad-field",),
            slashes_in="item_id",
        ),
    )


def _limit(request: Request) -> int:
    for name in request.query_params:
        if name != LIMIT.name:
            raise bad_field(name, request.query_params[name], "unknown parameter")
    text = request.query_params.get(LIMIT.name, str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise bad_field(LIMIT.name, text, f"Expected an integer from 1 to {MAX_LIMIT}")
    return int(text)
