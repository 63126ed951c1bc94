"""Has everything that was sent been carried through? Compares Kafka's offsets with what each reader says. Changes none.

What this means for a replay: when nothing is behind, every record is in the ledger or among the rejected, the hot query
has counted it and the live service has written it. Final windows still wait for the watermark.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final, TypeAlias

from headrace.errors import PartFailed
from headrace.settings import Settings
from headrace.stores.kafka import Consumer, Partition, Record, open_consumer

Ends: TypeAlias = Mapping[Partition, int]

READERS: Final = {
    "hot": "events.clean",
    "ledger": "events.clean",
    "rejected": "events.rejected",
    "catalogue": "catalogue",
}
"""Query of the features program that has to keep up → the topic that it reads."""

LIVE_GROUP: Final = "live"
LOOK_BACK: Final = 500
"""Records read back per output partition to find the newest of each raw one; ingest writes them nearly in order."""
FETCH_MS: Final = 2_000
POLL_S: Final = 1.0
PATIENCE_S: Final = 300.0
"""If no reader moved for this long, something is stuck; a first batch on a starved machine has taken 147 s."""


@dataclass(frozen=True, slots=True)
class Behind:
    """How many records each reader has still to read."""

    ingest: int
    live: int
    readers: Mapping[str, int]

    @property
    def total(self) -> int:
        """0 when everything is drained."""
        return self.ingest + self.live + sum(self.readers.values())

    def __str__(self) -> str:
        stages = {"ingest": self.ingest, "live": self.live, **self.readers}
        return ", ".join(f"{name} {count:,} behind" for name, count in stages.items() if count) or "nothing behind"


def wait_until_drained(
    settings: Settings, monotonic: Callable[[], float], sleep: Callable[[float], None], look: Callable[[Behind], None]
) -> None:
    """Return when nothing is behind; calls `look` with each look. Raises PartFailed when nothing moves any more."""
    with (
        closing(open_consumer(settings.kafka)) as reader,
        closing(open_consumer(settings.kafka, group=settings.topic(LIVE_GROUP))) as live,
    ):
        last, moved_s = None, monotonic()
        while (now := behind(settings, reader, live)).total:
            look(now)
            if now != last:  # not "less": what ingest has done, four others have still to do
                last, moved_s = now, monotonic()
            if monotonic() - moved_s > PATIENCE_S:
                raise PartFailed(
                    f"world {settings.world.name}: nothing moved for {PATIENCE_S:.0f} s: {now}; see headrace status"
                )
            sleep(POLL_S)
        look(now)


def behind(settings: Settings, reader: Consumer, live: Consumer) -> Behind:
    """One look at every stage, upstream first, so that what arrives meanwhile counts as behind, never as done."""
    raw = _ends(reader, settings.topic("events.raw"))
    outputs = [settings.topic(name) for name in ("events.clean", "events.rejected")]
    ingested = newest_raw([record for topic in outputs for record in _newest(reader, topic)])
    clean = _ends(reader, settings.topic("events.clean"))
    read = features_read(settings)
    return Behind(
        ingest=sum(max(0, end - ingested.get(partition, 0)) for (_, partition), end in raw.items()),
        live=sum(end - (live.committed(partition) or 0) for partition, end in clean.items()),
        readers={
            query: _unread(_ends(reader, settings.topic(topic)), read.get(query, {}))
            for query, topic in READERS.items()
        },
    )


def newest_raw(outputs: list[Record]) -> dict[int, int]:
    """Raw partition → the offset after the newest raw record that these outputs of ingest came from."""
    after: dict[int, int] = {}
    for record in outputs:
        src = dict(record.headers).get("src")
        if src is not None:
            _, partition, offset = (int(part) for part in src.split(b":"))
            after[partition] = max(after.get(partition, 0), offset + 1)
    return after


def features_read(settings: Settings) -> dict[str, dict[Partition, int]]:
    """Query → how far it has read each partition, from the features program's progress file; {} before its first."""
    try:
        text = (settings.world_dir / "run" / "features.progress.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return {
        query: {
            (topic, int(partition)): offset
            for topic, partitions in (figures.get("ends") or {}).items()
            for partition, offset in partitions.items()
        }
        for query, figures in json.loads(text).items()
    }


def _unread(ends: Ends, read: Ends) -> int:
    return sum(max(0, end - read.get(partition, 0)) for partition, end in ends.items())


def _ends(reader: Consumer, topic: str) -> Ends:
    reader.assign_whole(topic)
    return reader.ends(reader.assignment())


def _newest(reader: Consumer, topic: str) -> list[Record]:
    """The last records of each of the topic's partitions, LOOK_BACK at most; fewer where the broker is slow."""
    ends = _ends(reader, topic)
    firsts = reader.firsts(ends)
    for partition, end in ends.items():
        reader.seek(partition, max(firsts[partition], end - LOOK_BACK))
    records: list[Record] = []
    unread = {partition for partition, end in ends.items() if end > firsts[partition]}
    while unread and (fetched := reader.poll(FETCH_MS)):
        records += fetched
        unread -= {(one.topic, one.partition) for one in fetched if one.offset + 1 >= ends[one.topic, one.partition]}
    return records
