"""When records are sent, and the load that `headrace simulate` makes of simulated events."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from headrace.local.load import load, restamped
from headrace.local.sending import BURST, at_once, bursts
from headrace.local.simulator import FaultMix, Simulation, load_params
from headrace.local.wire import Record, WireEvent

CONF = Path(__file__).resolve().parents[2] / "conf" / "simulator.toml"


@dataclass(slots=True)
class Clock:
    """Time that passes only in sleep, and `cost` seconds whenever it is asked for."""

    now_s: float = 100.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now_s += seconds


def records(*due_ms: int) -> list[Record]:
    return [Record(at, b"k", str(at).encode()) for at in due_ms]


def due_s(record: Record) -> float:
    return record.received_at / 1000


def test_records_wait_until_they_are_due() -> None:
    clock = Clock()
    sent = [
        (round(clock.now_s - 100, 6), [record.received_at for record in burst])
        for burst in bursts(records(0, 500, 500, 2_000), due_s, clock.monotonic, clock.sleep)
    ]
    assert sent == [(0.0, [0]), (0.5, [500, 500]), (2.0, [2_000])]
    assert clock.slept == [0.5, 1.5]


def test_after_a_stall_what_is_overdue_goes_in_one_burst_and_the_schedule_holds() -> None:
    clock = Clock()
    sent: list[list[int]] = []
    for burst in bursts(records(0, 100, 200, 300, 5_000), due_s, clock.monotonic, clock.sleep):
        sent.append([record.received_at for record in burst])
        if len(sent) == 1:
            clock.now_s += 1.0  # the broker took a second over the first
    assert sent == [[0], [100, 200, 300], [5_000]]
    assert clock.now_s == 105.0


def test_at_once_sends_full_bursts_without_sleeping() -> None:
    clock = Clock()
    sizes = [len(burst) for burst in bursts(records(*range(2 * BURST + 1)), at_once, clock.monotonic, clock.sleep)]
    assert sizes == [BURST, BURST, 1]
    assert clock.slept == []


def test_restamped_events_keep_their_content_and_happen_at_the_rate() -> None:
    events = [
        WireEvent(event_id=name, kind="view", occurred_at=1, received_at=2, user_id="u", item_id=name) for name in "abc"
    ]
    stamped = list(restamped(events, 400, 1_000_000))
    assert [event.item_id for event in stamped] == ["a", "b", "c"]
    assert [event.occurred_at for event in stamped] == [1_000_000, 1_000_002, 1_000_005]
    assert [event.received_at for event in stamped] == [1_000_000, 1_000_002, 1_000_005]
    assert [event.event_id for event in stamped] == ["f4240-0", "f4240-1", "f4240-2"]  # 0xf4240 is a million


def test_a_load_has_as_many_events_as_rate_times_seconds_and_the_same_behaviour_each_time() -> None:
    simulation = Simulation.of(load_params(CONF), 20)
    first = list(load(simulation, 50, 4, FaultMix(duplicates=0.1), 1_000_000))
    again = list(islice(load(simulation, 50, 4, FaultMix(duplicates=0.1), 1_000_000), 300))
    assert sum(sent.fault == "none" for sent in first) == 200
    assert first == again
