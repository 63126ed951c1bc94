"""What this process and its workers counted, as Prometheus text. Counters and one latency histogram.

No push, no labels beyond two.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

BUCKETS_MS: Final = (1.0, 2.0, 5.0, 10.0, 15.0, 25.0, 50.0, 100.0, 250.0, 1000.0)

HELP: Final = {
    "requests_total": "Answers by operation and status.",
    "events_accepted_total": "Events that the broker acknowledged.",
    "events_refused_total": "Events that broke the contract, by reason; their bytes went to events.raw.",
    "events_no_consent_total": "Events without consent: dropped here, their bytes not kept.",
    "events_unknown_item_total": "Accepted events about an item that the catalogue does not know.",
    "degraded_total": "Stages that fell back, by stage.",
    "decisions_logged_total": "Decision records that the broker acknowledged.",
    "decisions_dropped_total": "Decision records lost because they could not be made, kept or taken in time.",
    "catalogue_upserts_total": "Item changes that the broker acknowledged.",
    "profile_upserts_total": "Changes of people's profiles that the broker acknowledged.",
    "workers_lost_total": "Workers that ended and were started again.",
    "worker_answers_lost_total": "Answers that a lost worker owed; they were made here instead.",
}


class Metrics:
    """Counts of one process; single-threaded, like the event loop that owns it."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._latency: dict[str, list[int]] = {}
        self._latency_ms: dict[str, float] = {}

    def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Add to a counter of HELP. `label` is the text between its braces."""
        key = (name, label)
        self._counts[key] = self._counts.get(key, 0) + by

    def total(self, name: str) -> int:
        """A counter summed over its labels."""
        return sum(value for (counter, _), value in self._counts.items() if counter == name)

    def take(self) -> tuple[tuple[str, str, int], ...]:
        """(counter, label, by) since the last take, for the process that tells it all."""
        taken = tuple((counter, label, by) for (counter, label), by in self._counts.items())
        self._counts.clear()
        return taken

    def took(self, operation: str, elapsed_ms: float) -> None:
        """One answered request."""
        buckets = self._latency.setdefault(operation, [0] * (len(BUCKETS_MS) + 1))
        buckets[bisect_left(BUCKETS_MS, elapsed_ms)] += 1
        self._latency_ms[operation] = self._latency_ms.get(operation, 0.0) + elapsed_ms

    def text(self, gauges: dict[str, tuple[str, float]]) -> str:
        """The exposition, with `gauges` (name → help, value) read by the caller just now."""
        lines: list[str] = []
        for name, about in HELP.items():
            lines += [f"# HELP headrace_{name} {about}", f"# TYPE headrace_{name} counter"]
            lines += [
                f"headrace_{name}{{{label}}} {value}" if label else f"headrace_{name} {value}"
                for (counter, label), value in sorted(self._counts.items())
                if counter == name
            ]
        for name, (about, value) in gauges.items():
            lines += [f"# HELP headrace_{name} {about}", f"# TYPE headrace_{name} gauge", f"headrace_{name} {value:g}"]
        lines += [
            "# HELP headrace_request_seconds From the request's arrival to its answer.",
            "# TYPE headrace_request_seconds histogram",
        ]
        for operation, buckets in sorted(self._latency.items()):
            lines += _histogram(operation, buckets, self._latency_ms[operation])
        return "\n".join(lines) + "\n"


def _histogram(operation: str, buckets: list[int], total_ms: float) -> list[str]:
    lines: list[str] = []
    so_far = 0
    for bound, count in zip((*BUCKETS_MS, float("inf")), buckets, strict=True):
        so_far += count
        le = "+Inf" if bound == float("inf") else f"{bound / 1000:g}"
        lines.append(f'headrace_request_seconds_bucket{{operation="{operation}",le="{le}"}} {so_far}')
    lines.append(f'headrace_request_seconds_sum{{operation="{operation}"}} {total_ms / 1000:.6f}')
    lines.append(f'headrace_request_seconds_count{{operation="{operation}"}} {so_far}')
    return lines
