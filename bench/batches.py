"""What streaming queries did, batch by batch, gathered from their progress files. It starts and stops nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from headrace.settings import Settings
from headrace.stream.progress import ends_read, progress_file

LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Batch:
    """One micro-batch that had records. `upserts`: state rows that it put, by operator."""

    rows: int
    began_s: float
    took_s: float
    upserts: Mapping[str, int]

    @property
    def ended_s(self) -> float:
        return self.began_s + self.took_s


@dataclass(slots=True)
class Watch:
    """The batches of every query of some parts, as they finish; a batch is seen if it is the newest for LOOK_S."""

    settings: Settings
    parts: tuple[str, ...]
    batches: dict[str, dict[int, Batch]] = field(default_factory=dict)

    def look(self) -> None:
        for part in self.parts:
            path = progress_file(self.settings, part)
            entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            for query, entry in entries.items():
                if entry.get("rows"):
                    began_s = datetime.fromisoformat(entry["at"]).timestamp()
                    batch = Batch(entry["rows"], began_s, entry["batch_ms"] / 1000, entry.get("upserts", {}))
                    self.batches.setdefault(query, {})[entry["batch"]] = batch

    def read(self, query: str) -> int:
        """How many records the query has behind it, of a topic that was filled from offset 0."""
        return sum(sum(ends_read(self.settings, part).get(query, {}).values()) for part in self.parts)

    def of(self, query: str) -> list[Batch]:
        return [batch for _, batch in sorted(self.batches.get(query, {}).items())]

    def pause(self) -> None:
        time.sleep(LOOK_S)
        self.look()


def rate(batches: Sequence[Batch]) -> float:
    """Records per second from the begin of the first to the end of the last."""
    return sum(batch.rows for batch in batches) / (batches[-1].ended_s - batches[0].began_s)


def rates(batches: Sequence[Batch]) -> list[float]:
    """Each batch's own."""
    return [batch.rows / batch.took_s for batch in batches]


def upserts_per_event(batches: Sequence[Batch]) -> dict[str, float]:
    """State rows put for each record read, by operator."""
    events = sum(batch.rows for batch in batches)
    names = sorted({name for batch in batches for name in batch.upserts})
    return {name: sum(batch.upserts.get(name, 0) for batch in batches) / events for name in names}
