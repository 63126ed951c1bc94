"""Logs of events.clean for the stream's tests, and as files that Spark reads batch by batch. Seeded; no clock."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from headrace.domain.clean import write_clean
from headrace.domain.events import KINDS, Event, ItemId, Person, Place
from tests.stream.oracle import Record

START = 1_700_000_100_000  # 22:15 UTC: a log of four hours crosses midnight
HORIZON_MS = 7_200_000

RECORDS = (
    "key binary, value binary, headers array<struct<key: string, value: binary>>,"
    " partition int, offset bigint, timestamp timestamp"
)
"""The columns of Spark's Kafka source that the stream reads."""

_ARROW = pa.schema(
    [
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("headers", pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())]))),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
    ]
)


def event(at: int, event_id: str = "e", person: str = "u:1", kind: str = "view", **fields: object) -> Event:
    return Event(event_id=event_id, kind=kind, person=Person(person), occurred_at=at, received_at=at, **fields)


def random_log(seed: int, length: int = 400, duplicates: float = 0.15, late: float = 0.1) -> list[Record]:
    """Events of six people over four hours, up to 10 minutes out of order; copies may differ from their first."""
    rng, besides = random.Random(seed), random.Random(seed + 1_000)
    events = []
    for n in range(length):
        at = START + int(n / length * 14_400_000) - rng.randrange(600_000)
        person = f"u:{rng.randrange(6)}"
        events.append(
            event(
                at,
                f"e{n}",
                person,
                rng.choice(KINDS),
                session_id=rng.choice([None, "a", "b"]),
                item_id=ItemId(f"i{rng.randrange(8)}") if rng.random() < 0.8 else None,
                category=rng.choice([None, "books", "films"]),
                content_type=rng.choice([None, "text", "video"]),
                tz_offset_min=rng.choice([None, 60, -330, 7]),
                value_milli=rng.choice([None, -1_500, 1, 999, 2_500_000]),
                price_minor=rng.choice([None, 0, 199, 4_000]),
                currency=rng.choice([None, "GBP", "USD"]),
                late=rng.random() < late,
                query=besides.choice([None, "mugs", "books"]),
                place=besides.choice([None, Place(52.52, 13.405), Place(-33.9, -70.7), Place(90, 180)]),
            )
        )
        if rng.random() < duplicates:
            first = rng.choice(events[-50:])
            events.append(replace(first, category="copy", price_minor=1, late=rng.random() < 0.2))
    return [Record(each, f"1:{n % 2}:{n // 2}", START + n * 20_000) for n, each in enumerate(events)]


def disordered(log: Sequence[Record], seed: int, most_ms: int) -> list[Record]:
    """The log as it comes where each person lags by up to `most_ms`, and each of their events by ten minutes more."""
    rng, lag_ms = random.Random(seed), dict[str, int]()

    def arrives(record: Record) -> int:
        of_person = lag_ms.setdefault(record.event.person, rng.randint(0, most_ms))
        return record.event.occurred_at + of_person + rng.randrange(600_000)

    return sorted(log, key=arrives)


def closing(log: Sequence[Record]) -> Record:
    """An event of nobody else, a week on: the watermark passes everything before it."""
    return Record(event(START + 7 * 86_400_000, "closing", "u:closing"), "1:0:1000000", log[-1].src_ms)


def write_records(log: Sequence[Record], folder: Path, batches: int) -> None:
    """The log as `batches` files, in log order: with maxFilesPerTrigger=1 a file is a micro-batch."""
    folder.mkdir(parents=True)
    rows = [
        {
            "key": record.event.person.encode(),
            "value": write_clean(record.event),
            "headers": [
                {"key": "src", "value": record.src.encode()},
                {"key": "src_ms", "value": str(record.src_ms).encode()},
            ],
            "partition": 0,
            "offset": offset,
            "timestamp": dt.datetime.fromtimestamp(record.src_ms / 1000, dt.UTC),
        }
        for offset, record in enumerate(log)
    ]
    size = -(-len(rows) // batches)
    for number, begin in enumerate(range(0, len(rows), size)):
        part = folder / f"part-{number:04}.parquet"
        pq.write_table(pa.Table.from_pylist(rows[begin : begin + size], _ARROW), part)
        _touch(part, number)


def _touch(path: Path, number: int) -> None:
    """The file source reads oldest first."""
    import os

    os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number))
