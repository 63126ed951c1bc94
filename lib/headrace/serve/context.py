"""Events that come with a request: used for its answer at once, before the stream has them.

They may be shorter than the contract asks: what the request itself says (who, now) is filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from headrace.domain.catalogue import Catalogue
from headrace.domain.contract import event_of
from headrace.domain.events import Event, person_of
from headrace.domain.strict_json import Document, read_document
from headrace.errors import BadEvent
from headrace.serve.events import filled_from
from headrace.serve.problems import Problem, bad_field


@dataclass(frozen=True, slots=True)
class Context:
    """Events of a request. `kept`: whether the decision record may hold them; False where one came without consent."""

    events: tuple[Event, ...]
    kept: bool


NOBODY: Final = "nobody"
"""The session of a request that names neither user nor session."""


def context_events(
    raws: Sequence[msgspec.Raw],
    user_id: str | None,
    session_id: str | None,
    clock_ms: int,
    catalogue: Catalogue,
    currency: str,
) -> Context:
    """Each of them as an event of this person. Raises Problem, naming the event and what is wrong with it.

    Absent event_id, occurred_at and person are filled. None of them is late: lateness is a law of the stream, and a
    page may hand in all that happened since it was opened.
    """
    person = person_of(user_id, session_id)
    said: Document = {"user_id": user_id, "session_id": session_id if person is not None else NOBODY}
    events: list[Event] = []
    kept = True
    for index, raw in enumerate(raws):
        try:
            document = read_document(bytes(raw))
            kept = kept and document.get("consent") is not False
            filled = _filled(document, {"event_id": f"context-{index}", "occurred_at": clock_ms, **said})
            received_ms = clock_ms or _integer(filled["occurred_at"])
            event = event_of(filled, b"", received_ms, trust_received_at=False, allowed_lateness_ms=0)
        except BadEvent as error:
            raise _problem(index, bytes(raw), error) from error
        if user_id is not None and event.user_id != user_id:
            raise bad_field(f"context.events[{index}].user_id", event.user_id, f"the request is for {user_id!r}")
        known = filled_from(catalogue, event, filled, currency)
        events.append(
            replace(
                event,
                person=person or event.person,
                late=False,
                original=None,
                category=event.category or known.category,
                content_type=event.content_type or known.content_type,
                price_minor=known.price_minor if event.price_minor is None else event.price_minor,
                currency=event.currency or known.currency,
            )
        )
    return Context(tuple(events), kept)


def _filled(document: Document, said: Document) -> Document:
    """With consent left out: the event is used for this answer only, which is what withholding it allows."""
    given = {name: value for name, value in document.items() if value is not None and name != "consent"}
    return {**said, **given}


def _integer(value: object) -> int:
    return value if type(value) is int else 0


def _problem(index: int, raw: bytes, error: BadEvent) -> Problem:
    field, _, message = error.detail.partition(": ")
    where = f"context.events[{index}]"
    if message and field.replace("_", "").replace(".", "").isalpha():
        document = msgspec.json.decode(raw)
        value = document.get(field) if isinstance(document, dict) else None
        return bad_field(f"{where}.{field}", value, message)
    return bad_field(where, raw[:200].decode(errors="replace"), error.detail)
