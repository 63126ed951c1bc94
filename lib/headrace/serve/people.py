"""GET /v1/people/{person}/features: what the system knows of a person right now, and how old each part of it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from headrace.domain.events import MAX_ID, Event, Person
from headrace.domain.facts import PERSON_FACTS, Facts, zero
from headrace.domain.inputs import Inputs
from headrace.domain.profile import Profile, profile_of
from headrace.domain.recommend import known_of
from headrace.domain.summary import Summary, summary_of
from headrace.domain.windows import REACH_MS, marginal, windows_at
from headrace.errors import StoreUnavailable
from headrace.serve.bodies import as_json
from headrace.serve.likings import MoodBody, TasteBody, by_category, mood_body, strongest, taste_body
from headrace.serve.operation import Operation, Parameter
from headrace.serve.person_context import PersonContext, context_of
from headrace.serve.problems import bad_field
from headrace.serve.ranking import freshness
from headrace.serve.reads import read_person
from headrace.serve.service import Service
from headrace.serve.users import stored_profile
from headrace.serve.wire import Freshness

SESSIONS: Final = 5
USER: Final = "u:"

PERSON: Final = Parameter(
    "person", "u:<user_id> or s:<session_id>.", {"type": "string", "pattern": "^[us]:.+$", "maxLength": MAX_ID + 2}
)


class Affinities(Struct, frozen=True):
    """Affinity in (-1, 1) to categories and items, of this session, the last hour and the last day; zeros left out."""

    session: Mapping[str, float]
    hour: Mapping[str, float]
    day: Mapping[str, float]
    items: Mapping[str, float]
    unwanted: tuple[str, ...]


class Trained(Struct, frozen=True):
    """What the served model knows of the person: null candidates for somebody that it does not know.

    factors: those of the taste with the mood folded in, which lists are made with.
    """

    model: str
    candidates: int | None
    factors: tuple[float, ...]


class PersonFeatures(Struct, frozen=True):
    """Everything about one person. windows: window → category → fact → total, zeros left out; the others likewise by
    content type, which sums the same events up."""

    person: str
    world: str
    clock_ms: int
    freshness: Freshness
    tail_events: int
    session: Annotated[Summary, Meta(description="The session that is open now, as far as the tail reaches")]
    queries: Annotated[tuple[str, ...], Meta(description="What it searched for, in order of the first such search")]
    context: PersonContext
    windows: Mapping[str, Mapping[str, Mapping[str, int]]]
    windows_by_content_type: Mapping[str, Mapping[str, Mapping[str, int]]]
    affinities: Affinities
    mood: MoodBody
    taste: TasteBody
    trained: Trained
    profile: Annotated[Profile | None, Meta(description="As last sent to /v1/users; null: never, or deleted")]
    sessions: Annotated[tuple[msgspec.Raw, ...], Meta(description="Finished sessions, newest first: as `session`")]


def operations(service: Service) -> tuple[Operation, ...]:
    """GET /v1/people/{person}/features."""

    async def get(request: Request) -> Response:
        return as_json(await person_features(service, _person(request)))

    return (
        Operation(
            "GET",
            "/v1/people/{person}/features",
            "personFeatures",
            "What is known of a person now: session, windows, affinities, mood, taste, with ages.",
            get,
            {200: ("Everything; empty parts for a person never seen", PersonFeatures)},
            parameters=(PERSON,),
            problems=("bad-field", "unavailable"),
            slashes_in="person",
        ),
    )


async def person_features(service: Service, person: Person) -> PersonFeatures:
    """Everything about one person. Raises StoreUnavailable: half of it would look like absence."""
    snapshots, trained_ms = service.served.current, service.served.trained_ms
    clock_ms = service.clock.now_ms()
    reads = await read_person(service, person, clock_ms, snapshots.model.version, panes_ms=REACH_MS)
    for part in reads.degraded:
        raise StoreUnavailable(f"{part.stage}: {part.why}")
    finished = await service.circuit.read(
        lambda: service.stores().sessions.newest(person, SESSIONS), service.settings.deadline_ms / 1000
    )
    inputs = Inputs(
        clock=clock_ms, limit=0, seed=b"", person=person, tail=reads.tail, panes=reads.panes, batch=reads.batch
    )
    known = known_of(inputs, snapshots, service.policy)
    preferences, catalogue = known.preferences, snapshots.catalogue
    windows = windows_at(reads.panes, clock_ms)
    return PersonFeatures(
        person=person,
        world=service.world.name,
        clock_ms=clock_ms,
        freshness=freshness(inputs, trained_ms),
        tail_events=len(reads.tail),
        session=summary_of(known.session.session_id, known.session.events, service.policy.currency),
        queries=_queries(known.session.events),
        context=context_of(reads.tail, reads.panes, clock_ms),
        windows={name: _named(marginal(cells, "category")) for name, cells in windows.items()},
        windows_by_content_type={name: _named(marginal(cells, "content_type")) for name, cells in windows.items()},
        affinities=Affinities(
            session=by_category(preferences.session, catalogue),
            hour=by_category(preferences.hour, catalogue),
            day=by_category(preferences.day, catalogue),
            items=strongest(preferences.items, preferences.item_affinity, catalogue),
            unwanted=known.unwanted,
        ),
        mood=mood_body(known, snapshots),
        taste=taste_body(known, reads.batch, catalogue),
        trained=Trained(
            model=snapshots.model.version,
            candidates=None if reads.batch is None else len(reads.batch.items),
            factors=tuple(preferences.factors.tolist()),
        ),
        profile=await _profile(service, person),
        sessions=tuple(msgspec.Raw(row.features.encode()) for row in finished),
    )


async def _profile(service: Service, person: Person) -> Profile | None:
    if not person.startswith(USER):
        return None
    _, plain = await stored_profile(service, person.removeprefix(USER))
    return None if plain is None else profile_of(plain)


def named(facts: Facts) -> dict[str, int]:
    """Facts by name; zeros are left out, and extremes of nothing."""
    nothing = zero()
    return {name: int(facts[at]) for at, name in enumerate(PERSON_FACTS) if facts[at] and facts[at] != nothing[at]}


def _named(totals: Mapping[str, Facts]) -> dict[str, dict[str, int]]:
    return {name: named(facts) for name, facts in totals.items()}


def _queries(events: Sequence[Event]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.query for each in events if each.kind == "search" and each.query is not None))


def _person(request: Request) -> Person:
    person: str = request.path_params["person"]
    if person[:2] not in ("u:", "s:") or not 3 <= len(person) <= MAX_ID + 2:
        raise bad_field("person", person, "Expected u:<user_id> or s:<session_id>")
    return Person(person)
