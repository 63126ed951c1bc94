"""Has everything that was sent been carried through? Compares Kafka's offsets with what each reader says. Changes none.

What this means for a replay: when nothing is behind, every record is in the ledger or among the rejected, the hot query
has counted it, the live service has written it and the published trends have it. Final windows still wait for the
watermark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from headrace.errors import PartFailed
from headrace.settings import Settings
from headrace.stores.kafka import Consumer, Partition, open_consumer
from headrace.stream.progress import INGEST, ends_read
from headrace.trends.report import ends_published

READERS: Final = {
    "hot": "events.clean",
    "ledger": "events.clean",
    "rejected": "events.rejected",
    "catalogue": "catalogue",
    "users": "users",
}
"""Query of the hot, the ledger or the features program that has to keep up → the topic that it reads."""

LIVE_GROUP: Final = "live"
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
            if now != last:  # not "less": what ingest has done, five others have still to do
                last, moved_s = now, monotonic()
            if monotonic() - moved_s > PATIENCE_S:
                raise PartFailed(
                    f"world {settings.world.name}: nothing moved for {PATIENCE_S:.0f} s: {now}; see headrace status"
                )
            sleep(POLL_S)
        look(now)


def behind(settings: Settings, reader: Consumer, live: Consumer) -> Behind:
    """One look at every stage, upstream first, so that what arrives meanwhile counts as behind, never as done.

    All but live are as far as they said themselves. What ingest wrote cannot tell: retention deletes it, and the newest
    record of a quiet partition can lie behind any number of others.
    """
    raw = _ends(reader, settings.topic("events.raw"))
    ingested = ends_read(settings, "ingest")
    clean = _ends(reader, settings.topic("events.clean"))
    read = ends_read(settings, "hot", "ledger", "features")
    return Behind(
        ingest=_unread(raw, ingested.get(INGEST, {})),
        live=sum(end - (live.committed(partition) or 0) for partition, end in clean.items()),
        readers={
            query: _unread(_ends(reader, settings.topic(topic)), read.get(query, {}))
            for query, topic in READERS.items()
        }
        | {"trends": _unread(clean, ends_published(settings))},
    )


def _unread(ends: Mapping[Partition, int], read: Mapping[Partition, int]) -> int:
    return sum(max(0, end - read.get(partition, 0)) for partition, end in ends.items())


def _ends(reader: Consumer, topic: str) -> Mapping[Partition, int]:
    reader.assign_whole(topic)
    return reader.ends(reader.assignment())
