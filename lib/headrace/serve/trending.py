"""GET /v1/trending: what is popular, rising or clicked now, for anybody. It asks no store."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from headrace.domain.contract import MAX_TEXT
from headrace.domain.trending import trending
from headrace.domain.trends import KINDS_OF_LIST, TOP, WINDOWS
from headrace.serve.bodies import as_json
from headrace.serve.operation import Operation, Parameter
from headrace.serve.problems import bad_field
from headrace.serve.ranking import price_of, title_of, versions
from headrace.serve.service import Service
from headrace.serve.wire import Degraded, Versions

DEFAULT_LIMIT: Final = 20
DAY: Final = "1d"
RISING: Final = "rising"

WINDOW: Final = Parameter(
    "window", "Over how long.", {"type": "string", "enum": list(WINDOWS), "default": "1h"}, where="query"
)
KIND: Final = Parameter(
    "kind",
    "popular: strength of what people did. rising: times its usual share of it; not of 1d, which it compares with. "
    "click_through: clicks per impression, drawn towards the average where there are few.",
    {"type": "string", "enum": list(KINDS_OF_LIST), "default": KINDS_OF_LIST[0]},
    where="query",
)
CATEGORY: Final = Parameter(
    "category",
    "Only of this category, as the catalogue has it.",
    {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
    where="query",
)
LIMIT: Final = Parameter(
    "limit",
    "How many at most.",
    {"type": "integer", "minimum": 1, "maximum": TOP, "default": DEFAULT_LIMIT},
    where="query",
)
PARAMETERS: Final = (WINDOW, KIND, CATEGORY, LIMIT)


class TrendingItem(Struct, frozen=True):
    """One item in its place, from 0. `score_micro` in millionths: strength in views, times the usual share, or clicks
    per impression; 0 where `source` is popularity, the model's."""

    item_id: str
    title: str | None
    place: int
    score_micro: int
    source: str
    price_minor: int | None = None


class TrendingList(Struct, frozen=True):
    """What trends, of the 200 first of the world. `until_ms`: with what the window ends; null before the first one."""

    world: str
    window: str
    kind: str
    clock_ms: int
    until_ms: int | None
    age_ms: Annotated[int | None, Meta(description="How long ago that was.")]
    versions: Versions
    degraded: tuple[Degraded, ...]
    items: tuple[TrendingItem, ...]


def operations(service: Service) -> tuple[Operation, ...]:
    """GET /v1/trending."""

    async def get(request: Request) -> Response:
        _refuse_unknown(request)
        window, kind = _one_of(request, WINDOW), _one_of(request, KIND)
        if (window, kind) == (DAY, RISING):
            raise bad_field(WINDOW.name, window, "Rising compares with the day: 5m or 1h")
        return as_json(trending_list(service, window, kind, _category(request), _limit(request)))

    return (
        Operation(
            "GET",
            "/v1/trending",
            "trending",
            "What is popular, rising or clicked now.",
            get,
            {200: ("The list; `degraded` says when it is old, or what stands in for it", TrendingList)},
            about="Published every few seconds and held in memory: a lost store makes it older, never an error.",
            parameters=PARAMETERS,
            problems=("bad-field",),
        ),
    )


def trending_list(service: Service, window: str, kind: str, category: str | None, limit: int) -> TrendingList:
    """The list as it is in memory."""
    snapshots, feed, clock_ms = service.served.current, service.served.trends, service.clock.now_ms()
    catalogue = snapshots.catalogue
    return TrendingList(
        world=service.world.name,
        window=window,
        kind=kind,
        clock_ms=clock_ms,
        until_ms=None if feed.published is None else feed.published.clock_ms,
        age_ms=feed.age_ms(clock_ms),
        versions=versions(snapshots, service.policy, has_candidates=False),
        degraded=_degraded(service, clock_ms),
        items=tuple(
            TrendingItem(
                one.item,
                title_of(catalogue, one.index),
                place,
                one.score,
                one.source,
                price_of(catalogue, one.index),
            )
            for place, one in enumerate(trending(feed.trends, catalogue, window, kind, category, limit))
        ),
    )


def _degraded(service: Service, clock_ms: int) -> tuple[Degraded, ...]:
    feed = service.served.trends
    if feed.trends is None:
        why = feed.trouble or "nothing is published yet"
        return (Degraded("trends", why, "what was popular when the model was trained"),)
    return feed.stale(clock_ms, "the last that were published")


def _refuse_unknown(request: Request) -> None:
    known = {parameter.name for parameter in PARAMETERS}
    for name in request.query_params:
        if name not in known:
            raise bad_field(name, request.query_params[name], "unknown parameter")


def _one_of(request: Request, parameter: Parameter) -> str:
    allowed = {WINDOW.name: tuple(WINDOWS), KIND.name: KINDS_OF_LIST}[parameter.name]
    text = request.query_params.get(parameter.name, str(parameter.schema["default"]))
    if text not in allowed:
        raise bad_field(parameter.name, text, f"Expected one of {', '.join(allowed)}")
    return text


def _category(request: Request) -> str | None:
    text = request.query_params.get(CATEGORY.name)
    if text is not None and not 1 <= len(text) <= MAX_TEXT:
        raise bad_field(CATEGORY.name, text[:MAX_TEXT], f"Expected 1 to {MAX_TEXT} characters")
    return text


def _limit(request: Request) -> int:
    text = request.query_params.get(LIMIT.name, str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= TOP):
        raise bad_field(LIMIT.name, text, f"Expected an integer from 1 to {TOP}")
    return int(text)
