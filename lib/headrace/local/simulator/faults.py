"""What goes wrong between an event and the log: redelivered, late and broken records, at known rates and by seed."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import numpy as np

from headrace.local.wire import Record, WireEvent, record_of

Fault = Literal["none", "duplicate", "late", "garbage"]

LATE_MS: Final = (660_000, 5_400_000)
"""How far a late event lies back: over the ten minutes allowed, within the two hours of the state horizon."""
REDELIVERY_MS: Final = (1, 60_000)


@dataclass(frozen=True, slots=True)
class FaultMix:
    """Shares of the good events: how many are sent twice, how many are late, how many broken ones are sent beside."""

    duplicates: float = 0.0
    late: float = 0.0
    garbage: float = 0.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A record, and what is wrong with it."""

    record: Record
    fault: Fault


def sent_with_faults(events: Iterable[WireEvent], mix: FaultMix, seed: int) -> Iterator[Sent]:
    """The records of `events` (by received_at) in order of arrival, with the mix's faults among them.

    A late event occurred earlier than it says in `events`; a duplicate has the same bytes; garbage is extra.
    """
    rng = np.random.default_rng([seed, 5])
    order = itertools.count()
    redelivered: list[tuple[int, int, Record]] = []
    for event in events:
        while redelivered and redelivered[0][0] <= event.received_at:
            yield Sent(heapq.heappop(redelivered)[2], "duplicate")
        is_late, is_twice, is_broken = (rng.random(3) < (mix.late, mix.duplicates, mix.garbage)).tolist()
        delay_ms, again_ms = int(rng.integers(*LATE_MS)), int(rng.integers(*REDELIVERY_MS))
        happened = msgspec.structs.replace(event, occurred_at=event.occurred_at - delay_ms) if is_late else event
        record = record_of(happened)
        yield Sent(record, "late" if is_late else "none")
        if is_twice:
            heapq.heappush(redelivered, (event.received_at + again_ms, next(order), record))
        if is_broken:
            yield Sent(broken(record, event, int(rng.integers(_BREAKAGES))), "garbage")
    for _, _, record in sorted(redelivered):
        yield Sent(record, "duplicate")


def broken(record: Record, event: WireEvent, breakage: int) -> Record:
    """The same record broken in one of the ways that ingest must refuse, in turn by `breakage`."""
    fields = msgspec.json.decode(record.value, type=dict[str, object])
    ways: tuple[bytes, ...] = (
        record.value[: len(record.value) // 2],
        b"\xff\xfe" + record.value,
        record.value + b"x",
        msgspec.json.encode({**fields, "kind": "teleport"}),
        msgspec.json.encode({**fields, "occurred_at": str(event.occurred_at)}),
        msgspec.json.encode({**fields, "occurred_at": event.received_at + 3_600_000}),
        msgspec.json.encode({k: v for k, v in fields.items() if k not in ("user_id", "session_id")}),
        msgspec.json.encode({k: v for k, v in fields.items() if k != "event_id"}),
    )
    return Record(record.received_at, record.key, ways[breakage])


_BREAKAGES: Final = 8
