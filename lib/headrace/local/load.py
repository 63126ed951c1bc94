"""Simulated events as load on a live world: so many a second from now on, stamped with the moment they are due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec

from headrace.local.simulator import FaultMix, Sent, Simulation, sent_with_faults
from headrace.local.wire import WireEvent

ANCHOR_MS: Final = 1_763_942_400_000
"""2025-11-24T00:00:00Z: where in simulated time a load begins, so that a seed always brings the same behaviour."""
ENDLESS_MS: Final = ANCHOR_MS + 3_650 * 86_400_000


def load(simulation: Simulation, rate: float, seconds: float, mix: FaultMix, start_ms: int) -> Iterator[Sent]:
    """`rate * seconds` events, `rate` a second from `start_ms` on, with the mix's faults among them."""
    source = islice(simulation.events(ANCHOR_MS, ENDLESS_MS), round(rate * seconds))
    return sent_with_faults(restamped(source, rate, start_ms), mix, simulation.seed)


def restamped(events: Iterable[WireEvent], rate: float, start_ms: int) -> Iterator[WireEvent]:
    """The same events happening and arriving at `start_ms + n * 1000 / rate`, with ids of this start's own."""
    for number, event in enumerate(events):
        due_ms = start_ms + int(number * 1000 / rate)
        yield msgspec.structs.replace(event, event_id=f"{start_ms:x}-{number}", occurred_at=due_ms, received_at=due_ms)
