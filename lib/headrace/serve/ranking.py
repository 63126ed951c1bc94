"""From a request to the law's inputs, and from the law's answer to what goes over the wire. For lists and pages alike.

Not here: the law itself (domain/recommend.py) and the routes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from isal import isal_zlib

from headrace.domain.answer import Answer
from headrace.domain.because import Because
from headrace.domain.catalogue import Catalogue
from headrace.domain.decision import encode, logs_features, record_of
from headrace.domain.events import Event, person_of
from headrace.domain.exploration import seed_of
from headrace.domain.features import FEATURE_SET_ID
from headrace.domain.inputs import Inputs, Wanted
from headrace.domain.pane_table import table_of
from headrace.domain.policy import Policy
from headrace.domain.snapshots import Snapshots
from headrace.serve.context import context_events
from headrace.serve.here import here_of
from headrace.serve.reads import Reads, read_person
from headrace.serve.service import Service
from headrace.serve.wire import (
    BecauseBody,
    ContextBody,
    Degraded,
    FilterBody,
    Freshness,
    RankedItem,
    RankedList,
    Versions,
)

FALLBACK: Final = {
    "model": "what the events themselves say, then popularity, then the catalogue",
    "items": "an empty list",
}

FEATURES_OF_EVERY: Final = 100
"""One person in so many has their feature rows logged whole: 11 KB a record."""

_sorted_json: Final = msgspec.json.Encoder(order="sorted").encode  # seven times as fast as the law's own


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """One request after every read, with the snapshots that it sees to its end."""

    request_id: str
    inputs: Inputs
    reads: Reads
    snapshots: Snapshots
    trained_ms: int | None
    trends_ms: int | None
    context_kept: bool


async def prepare(
    service: Service,
    user_id: str | None,
    session_id: str | None,
    context: ContextBody,
    limit: int,
    filter_: FilterBody,
    exclude: tuple[str, ...] = (),
) -> Ranking:
    """Read what is known and put it together. Raises Problem for a context event that breaks the contract."""
    request_id = service.new_id()
    clock_ms = service.clock.now_ms()
    snapshots, trained_ms = service.served.at(clock_ms), service.served.trained_ms
    trends_ms, stale = service.served.trends.age_ms(clock_ms), service.served.trends.stale(clock_ms)
    fresh = context_events(context.events, user_id, session_id, clock_ms, snapshots.catalogue, service.world.currency)
    person = person_of(user_id, session_id)
    reads = await read_person(service, person, clock_ms, snapshots.model.version)
    reads = replace(reads, degraded=(*reads.degraded, *stale)) if stale else reads
    now_ms = max(clock_ms, _newest_received(service, reads.tail))
    inputs = Inputs(
        clock=now_ms,
        limit=limit,
        seed=seed_of(service.settings.seed_secret.get_secret_value().encode(), request_id),
        person=person,
        session_id=session_id,
        tail=reads.tail,
        context=fresh.events,
        panes=reads.panes,
        batch=reads.batch,
        wanted=Wanted(
            categories=filter_.categories,
            content_types=filter_.content_types,
            price_from=filter_.price_from,
            price_to=filter_.price_to,
        ),
        exclude=exclude,
        here=here_of(context, (*reads.tail, *fresh.events), reads.panes, now_ms),
    )
    return Ranking(request_id, inputs, reads, snapshots, trained_ms, trends_ms, fresh.kept)


def ranked_list(
    service: Service, ranking: Ranking, answer: Answer, reasons: Mapping[str, Because] | None = None
) -> RankedList:
    """The answer as it goes over the wire."""
    inputs, snapshots, catalogue = ranking.inputs, ranking.snapshots, ranking.snapshots.catalogue
    names = service.policy.weights.names
    return RankedList(
        request_id=ranking.request_id,
        world=service.world.name,
        clock_ms=inputs.clock,
        versions=versions(snapshots, service.policy, inputs.batch is not None),
        freshness=freshness(inputs, ranking.trained_ms, ranking.trends_ms),
        degraded=(*ranking.reads.degraded, *_lacking(service, answer)),
        items=tuple(
            RankedItem(
                item_id=slot.item,
                title=title_of(catalogue, slot.index),
                place=place,
                score_micro=slot.score,
                sources=slot.sources,
                parts={name: part for name, part in zip(names, slot.parts, strict=False) if part},
                because=_because(reasons.get(slot.item) if reasons else None, catalogue),
                price_minor=price_of(catalogue, slot.index),
            )
            for place, slot in enumerate(answer.slots)
        ),
    )


def log(
    service: Service, ranking: Ranking, answer: Answer, placement: str, body: bytes, given: Sequence[str] | None = None
) -> None:
    """Hand the decision to its log; the record is made after the answer has left. `body`: the request as it came."""

    def packed() -> bytes:
        person = ranking.inputs.person
        return encode(
            record_of(
                request_id=ranking.request_id,
                parent_id=None,
                build=service.build,
                placement=placement,
                request=(body if ranking.context_kept else without_context_events(body)).decode(),
                inputs=ranking.inputs,
                snapshots=ranking.snapshots,
                policy=service.policy,
                answer=answer,
                given=given,
                degraded=[*(part.stage for part in ranking.reads.degraded), *answer.lacking],
                context_kept=ranking.context_kept,
                with_features=person is not None and logs_features(person, FEATURES_OF_EVERY),
            ),
            _sorted_json,
            isal_zlib.compress,  # a sixth of the time of zlib's own, and smaller
        )

    service.decisions.offer(ranking.request_id, packed)


def without_context_events(body: bytes) -> bytes:
    """The request without the events that may not be kept."""
    plain = msgspec.json.decode(body, type=dict[str, object])
    context = plain["context"]
    assert isinstance(context, dict)  # it was read as a ContextBody
    plain["context"] = {name: value for name, value in context.items() if name != "events"}
    return msgspec.json.encode(plain)


def versions(snapshots: Snapshots, policy: Policy, has_candidates: bool) -> Versions:
    """What an answer is made with."""
    return Versions(
        model=snapshots.model.version,
        candidates=snapshots.model.version if has_candidates else None,
        catalogue=snapshots.catalogue.id,
        feature_set=FEATURE_SET_ID,
        weights=policy.weights.id,
        trends=snapshots.trends.id,
    )


def title_of(catalogue: Catalogue, index: int) -> str | None:
    """What the catalogue calls an item; None for one that it does not know (index -1) or that has no title."""
    meta = catalogue.metas[index] if index >= 0 else None
    return None if meta is None else meta.title


def price_of(catalogue: Catalogue, index: int) -> int | None:
    """The item's price in minor units of the world's currency, or None."""
    meta = catalogue.metas[index] if index >= 0 else None
    return None if meta is None else meta.price_minor


def _newest_received(service: Service, tail: tuple[Event, ...]) -> int:
    """Where time is the stream's, an event that was read has happened, whatever the clock's last look said."""
    if service.world.clock == "wall":
        return 0
    return max((event.received_at for event in tail), default=0)


def freshness(inputs: Inputs, trained_ms: int | None, trends_ms: int | None = None) -> Freshness:
    """How old the newest thing of each speed is that these inputs hold; `trends_ms` is an age already."""
    happened = [event.occurred_at for event in inputs.tail]
    panes = table_of(inputs.panes).starts
    return Freshness(
        live=max(0, inputs.clock - max(happened)) if happened else None,
        stream=max(0, inputs.clock - int(panes.max())) if len(panes) else None,
        batch=None if trained_ms is None else max(0, inputs.clock - trained_ms),
        trends=trends_ms,
    )


def _lacking(service: Service, answer: Answer) -> tuple[Degraded, ...]:
    why = {
        "model": service.served.refused or service.served.trouble or "no model is published yet",
        "items": "no item of the catalogue passes",
    }
    return tuple(Degraded(stage, why[stage], FALLBACK[stage]) for stage in answer.lacking)


def _because(reason: Because | None, catalogue: Catalogue) -> BecauseBody | None:
    if reason is None:
        return None
    title = title_of(catalogue, catalogue.index.get(reason.item, -1))
    return BecauseBody(reason.item, title, reason.from_place, reason.to_place)
