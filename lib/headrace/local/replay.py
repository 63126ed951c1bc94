"""A dataset through a world's Kafka topics in event time: items and people, then events, until all is carried
through. Which parts have to run for that, the command knows.

The same dataset again changes nothing: ids and times of its events are the same, so each counts as a redelivery.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from math import inf
from typing import Final

from headrace.errors import BadInput
from headrace.local.bar import bar
from headrace.local.datasets import Dataset, Spooled
from headrace.local.drain import Behind, wait_until_drained
from headrace.local.sending import BURST, DueS, at_once, bursts, send_bursts
from headrace.local.wire import Record, WireEvent, item_record, record_of, user_record
from headrace.settings import Settings

MAX_SPEED: Final = "max"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of all events those that occurred in [from_ms, to_ms); None: no bound."""

    from_ms: int | None = None
    to_ms: int | None = None

    def holds(self, event: WireEvent) -> bool:
        """Whether the event lies in it."""
        return (self.from_ms is None or event.occurred_at >= self.from_ms) and (
            self.to_ms is None or event.occurred_at < self.to_ms
        )


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was sent and what was not; `sending_s` is without reading the data and without draining."""

    world: str
    format: str
    items: int
    users: int
    events: int
    skipped: Mapping[str, int]
    sending_s: float
    drained_s: float


@dataclass(frozen=True, slots=True)
class Time:
    """The wall's stopwatch, handed in by the composition root."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


def replay(dataset: Dataset, spooled: Spooled, settings: Settings, due_s: DueS, time: Time) -> Replayed:
    """Send items and people, then the spooled events, and wait until every reader has them.

    Raises StoreUnavailable when the broker is gone, PartFailed when a job is stuck.
    """
    items = _send(settings, "catalogue", (item_record(item) for item in dataset.items()))
    users = _send(settings, "users", (user_record(user) for user in dataset.users()))
    started = time.monotonic()
    with bar(f"replaying {dataset.format.name} into {settings.world.name}", spooled.total) as advance:
        records = (record_of(event) for event in spooled.events())
        due = bursts(records, due_s, time.monotonic, time.sleep)
        sent = send_bursts(settings.kafka, settings.topic("events.raw"), due, advance)
    sent_s = time.monotonic()
    drain(settings, sent, time)
    return Replayed(
        world=settings.world.name,
        format=dataset.format.name,
        items=items,
        users=users,
        events=sent,
        skipped=spooled.skipped,
        sending_s=round(sent_s - started, 3),
        drained_s=round(time.monotonic() - sent_s, 3),
    )


def drain(settings: Settings, total: int, time: Time) -> None:
    """Wait, behind a progress bar, until everything that was sent to the world has been carried through."""
    shown = 0
    with bar("waiting until the ledger has all of it", total) as advance:

        def look(now: Behind) -> None:
            nonlocal shown
            done = max(shown, total - now.ingest - now.readers["ledger"])
            advance(done - shown)
            shown = done

        wait_until_drained(settings, time.monotonic, time.sleep, look)


def times_as_fast(speed: str) -> float | None:
    """How many times as fast as it happened; None for `max`. Raises BadInput."""
    if speed == MAX_SPEED:
        return None
    try:
        times = float(speed)
    except ValueError:
        times = 0.0
    if not 0 < times < inf:
        raise BadInput(f"--speed {speed}: a number above 0, such as 60 for a minute a second, or max")
    return times


def pace(times: float | None, spooled: Spooled) -> DueS:
    """When each record is due at so many times the speed at which it happened; at once for None."""
    if times is None:
        return at_once
    first_ms = min((run.first_ms for run in spooled.runs), default=0)
    return lambda record: (record.received_at - first_ms) / 1000 / times


def moment(flag: str, text: str | None) -> int | None:
    """Ms of a date, of a date and time (UTC where it names no zone), or of ms as they are. Raises BadInput.

    >>> moment("--from", "2011-10-01"), moment("--from", "1317427200000"), moment("--from", None)
    (1317427200000, 1317427200000, None)
    """
    if text is None:
        return None
    if text.isdigit() and len(text) > 8:
        return int(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{flag} {text}: a date such as 2011-10-01, a moment in ISO 8601, or ms since 1970") from error
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)


def _send(settings: Settings, topic: str, records: Iterable[Record]) -> int:
    with bar(f"sending {topic}", None) as advance:
        return send_bursts(settings.kafka, settings.topic(topic), _batched(records), advance)


def _batched(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while batch := list(islice(rest, BURST)):
        yield batch
