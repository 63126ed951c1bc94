"""Rejected records sent to events.raw again, byte for byte, after a fix of the law or of a setting.

Each becomes a raw record with a src of its own, and ingest judges it like any other: an event that counted already is
a duplicate, what is still bad is rejected again, what happened longer ago than the allowed lateness is late. Nothing
here makes it look as if it had been received earlier: its windows are closed, and no sender may choose received_at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from headrace.domain.contract import read_event
from headrace.domain.strict_json import read_document
from headrace.errors import BadEvent, BadInput, StoreUnavailable
from headrace.settings import World
from headrace.stores.kafka.producer import Outgoing
from headrace.stores.kafka.topics import TOPICS
from headrace.stores.ports import Appended
from headrace.watch.rejected import Choice, Rejected, known, with_bytes

SLICE: Final = 500
"""Records read, sent, acknowledged and noted at a time: at most 32 MB of what is not too large."""
SLICE_TOO_LARGE: Final = 50

ROOM: Final = 1_024
"""What key, header and framing may add to the bytes of a record. One that leaves less goes without key and header."""

_FRAMING: Final = 72  # of a batch with one record near the limit, without key and headers
_MAX_BYTES: Final = int(TOPICS["events.raw"]["max.message.bytes"])

NOT_KEPT: Final = "no_consent: its bytes were not kept"
TOO_LARGE: Final = f"too large for events.raw, which takes {_MAX_BYTES:,} bytes"
NO_TIME: Final = "it names no received_at, and today's would move this world's clock"


class Send(Protocol):
    """Appends every record and returns their places in order once the broker has them all, or raises."""

    def __call__(self, records: Sequence[Outgoing]) -> Sequence[Appended]: ...


Note = Callable[[Mapping[str, tuple[str, int]]], None]
"""Writes down src → (src of the new raw record, its append time)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a redrive did, or would do.

    kept_back   why → records that cannot be sent
    sent        records that the broker has acknowledged; of a dry run, that would be sent
    verdicts    what the law of this checkout says of them: "event", "late" or the reason of a rejection
    """

    kept_back: Mapping[str, int]
    sent: int
    verdicts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """A record, the law's word on it, and the person of the event that it would be."""

    record: Rejected
    verdict: str
    person: str | None = None
    kept_back: str | None = None


def chosen(rejected: ds.Dataset, choice: Choice, done: Mapping[str, str]) -> tuple[pa.Table, int]:
    """The rows to send, the oldest first, and how many of the choice are among those that were sent before (`done`).

    Raises BadInput for records without bytes, and for a src that is not in the table.
    """
    if choice.reason == "no_consent":
        raise BadInput("--reason no_consent: the bytes of these were not kept; there is nothing to send")
    rows = known(rejected, choice)
    named = dict(zip(rows["src"].to_pylist(), rows["reason"].to_pylist(), strict=True))
    for src in choice.srcs:
        if src not in named:
            raise BadInput(f"--src {src}: no such rejected record" + (" among these" if choice != _only(src) else ""))
        if named[src] == "no_consent":
            raise BadInput(f"--src {src}: {NOT_KEPT}")
    has_bytes = rows.filter(pc.not_equal(rows["reason"], "no_consent"))
    left = has_bytes.filter(pc.invert(pc.is_in(has_bytes["src"], pa.array(list(done), pa.string()))))
    return left, has_bytes.num_rows - left.num_rows


def redrive(
    rejected: ds.Dataset, rows: pa.Table, world: World, topic: str, now_ms: int, send: Send, note: Note,
    moved: Callable[[int], None],
) -> Outcome:  # fmt: skip
    """Send `rows` to `topic`, slice by slice: acknowledged, then noted down, then the next; `moved` hears of each.

    When `send` raises StoreUnavailable, so does this: every earlier slice is sent and noted, and of the last one some
    may be there without a note. They would be sent again, which changes no count.
    """
    kept_back: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    sent = 0
    for records in _slices(rejected, rows):
        judged = [judge(record, world, now_ms) for record in records]
        kept_back.update(one.kept_back for one in judged if one.kept_back is not None)
        going = [one for one in judged if one.kept_back is None]
        if going:
            try:
                places = send([outgoing(one, topic) for one in going])
            except StoreUnavailable as error:
                done = (
                    f"{sent:,} of {rows.num_rows:,} records were sent again; the same command goes on with the others"
                )
                raise StoreUnavailable(f"{error}; {done}") from error
            note({one.record.src: _as_sent(place, world) for one, place in zip(going, places, strict=True)})
        verdicts.update(one.verdict for one in going)
        sent += len(going)
        moved(len(records))
    return Outcome(dict(kept_back), sent, dict(verdicts.most_common()))


def rehearse(rejected: ds.Dataset, rows: pa.Table, world: World, now_ms: int, moved: Callable[[int], None]) -> Outcome:
    """What `redrive` would do, with nothing sent and nothing noted."""

    def nowhere(records: Sequence[Outgoing]) -> Sequence[Appended]:
        return [Appended(0, 0, now_ms) for _ in records]

    return redrive(rejected, rows, world, "", now_ms, nowhere, lambda _: None, moved)


def judge(record: Rejected, world: World, now_ms: int) -> Judged:
    """The law's word on a record that arrives now, as this checkout has the law; ingest has the last word."""
    if len(record.raw) > _MAX_BYTES - _FRAMING:
        return Judged(record, "too_large", kept_back=TOO_LARGE)
    try:
        event = read_event(
            record.raw,
            now_ms,
            trust_received_at=world.trust_received_at,
            allowed_lateness_ms=world.allowed_lateness_ms,
        )
    except BadEvent as error:
        return Judged(record, error.reason)
    # The newest received_at is such a world's time, of late events too: one record of today would end a replayed 2010.
    moves_clock = world.clock == "stream" and read_document(record.raw).get("received_at") is None
    return Judged(record, "late" if event.late else "event", event.person, NO_TIME if moves_clock else None)


def outgoing(one: Judged, topic: str) -> Outgoing:
    """The exact bytes, keyed by person as senders do it, with a header that names the record they were."""
    if len(one.record.raw) > _MAX_BYTES - ROOM:
        return Outgoing(topic, None, one.record.raw)
    key = None if one.person is None else one.person.encode()
    return Outgoing(topic, key, one.record.raw, (("redrive_of", one.record.src.encode()),))


def _as_sent(place: Appended, world: World) -> tuple[str, int]:
    return f"{world.generation}:{place.partition}:{place.offset}", place.timestamp_ms


def _slices(rejected: ds.Dataset, rows: pa.Table) -> Iterator[list[Rejected]]:
    is_large = pc.equal(rows["reason"], "too_large")
    for part, size in ((rows.filter(is_large), SLICE_TOO_LARGE), (rows.filter(pc.invert(is_large)), SLICE)):
        for begin in range(0, part.num_rows, size):
            yield with_bytes(rejected, part.slice(begin, size))


def _only(src: str) -> Choice:
    return Choice(srcs=(src,))
