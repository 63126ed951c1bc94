"""What the end-to-end ring sends, and the oracle that says what must become of it. Nothing here talks to a server."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from headrace.domain.contract import read_event
from headrace.domain.events import Event
from headrace.domain.facts import facts_of, item_facts_of, merge_all
from headrace.domain.panes import pane_of
from headrace.errors import BadEvent

KINDS = ("view", "click", "cart", "purchase", "dwell", "skip", "hide", "dislike")
PEOPLE = 12
ITEMS = 30
MINUTE_MS = 60_000
LATENESS_MS = 10 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Sent:
    """One record on its way in: its bytes, the way it takes, and the key it has on Kafka."""

    raw: bytes
    by_http: bool
    key: bytes | None


def good(number: int, now_ms: int, **changed: Any) -> dict[str, Any]:
    """A valid event of a person of this story; the same number is the same event."""
    event: dict[str, Any] = {
        "event_id": f"story-{number}",
        "kind": KINDS[number % len(KINDS)],
        "user_id": f"story-{number % PEOPLE}",
        "session_id": f"visit-{number % PEOPLE}",
        "item_id": f"item-{number * 7 % ITEMS}",
        "occurred_at": now_ms - 400 * (number % 50),
        "category": f"category-{number * 7 % ITEMS % 4}",
        "content_type": f"type-{number * 7 % ITEMS % 3}",
        "tz_offset_min": 60,
        "price_minor": 100 + number,
        "currency": "GBP",
    }
    if event["kind"] in ("cart", "purchase"):
        event["value"] = 1 + number % 3
    if event["kind"] == "dwell":
        event["value"] = 1500.5
    return event | changed


def sent(events: Iterable[dict[str, Any]], by_http: bool) -> list[Sent]:
    return [Sent(json.dumps(e).encode(), by_http, f"u:{e.get('user_id')}".encode()) for e in events]


def chapter(first: int, now_ms: int) -> list[Sent]:
    """120 good events; among them two duplicates of each way, late, future and bad ones, and some without consent."""
    by_http = sent((good(first + n, now_ms) for n in range(60)), by_http=True)
    by_kafka = sent((good(first + n, now_ms) for n in range(60, 120)), by_http=False)
    again = [by_http[3], by_kafka[4]]
    late = sent((good(first + n, now_ms, occurred_at=now_ms - 20 * MINUTE_MS) for n in (200, 201)), by_http=True)
    late += sent([good(first + 202, now_ms, occurred_at=now_ms - 21 * MINUTE_MS)], by_http=False)
    ahead = sent([good(first + 203, now_ms, occurred_at=now_ms + 30 * MINUTE_MS)], by_http=True)
    ahead += sent([good(first + 204, now_ms, occurred_at=now_ms + 30 * MINUTE_MS)], by_http=False)
    bad = sent([good(first + 205, now_ms, kind="stare"), good(first + 206, now_ms, occurred_at="noon")], by_http=True)
    bad += sent([good(first + 207, now_ms, user_id=None, session_id=None)], by_http=False)
    bad += [Sent(b"\xff\xfe not text", False, None), Sent(b'{"event_id": ', False, b"u:x"), Sent(b"", False, None)]
    silent = sent([good(first + 208, now_ms, consent=False)], by_http=False)
    return [*by_http[:30], *by_kafka[:30], *again, *late, *ahead, *bad, *silent, *by_http[30:], *by_kafka[30:]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ledger, the rejected table, the panes and the tails must hold."""

    clean: Counter[tuple[str, str, int]]
    late: int
    rejected: Counter[str]
    user_panes: dict[tuple[str, int, str, str], list[int]]
    item_panes: dict[tuple[str, int, str, str], list[int]]
    tails: dict[str, set[tuple[str, int]]]


def oracle(records: Iterable[Sent], received_ms: int) -> Expected:
    """The whole stream as one loop. Lateness is far from its bound, so the moment of sending will do as receipt."""
    clean: list[Event] = []
    rejected: Counter[str] = Counter()
    for record in records:
        try:
            clean.append(read_event(record.raw, received_ms, trust_received_at=False, allowed_lateness_ms=LATENESS_MS))
        except BadEvent as error:
            rejected[error.reason] += 1
    firsts = {event.key: event for event in reversed(clean) if not event.late}
    users, items, tails = defaultdict(list), defaultdict(list), defaultdict(set)
    for event in firsts.values():
        cell = pane_of(event.occurred_at), event.category or "unknown", event.content_type or "unknown"
        users[event.person, *cell].append(facts_of(event, "GBP"))
        items[str(event.item_id), *cell].append(item_facts_of(event, "GBP"))
    for event in clean:
        tails[event.person].add((event.event_id, event.occurred_at))
    return Expected(
        Counter((str(event.person), event.event_id, event.occurred_at) for event in clean),
        sum(event.late for event in clean),
        rejected,
        {key: merge_all(parts).tolist() for key, parts in users.items()},
        {key: merge_all(parts).tolist() for key, parts in items.items()},
        dict(tails),
    )
