"""What a replay takes of a dataset, when it sends it, and how it knows that all of it was carried through."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from headrace.errors import BadInput, PartFailed
from headrace.local import drain
from headrace.local.datasets import spool
from headrace.local.drain import Behind, behind, wait_until_drained
from headrace.local.replay import Stretch, moment, pace, times_as_fast
from headrace.local.wire import WireEvent, record_of
from headrace.settings import Paths, Settings, World
from headrace.stores.kafka import Consumer, Partition
from headrace.stream.progress import write_progress
from headrace.trends.report import reporter
from headrace.trends.service import Progress


def event(occurred_at: int, received_at: int | None = None) -> WireEvent:
    return WireEvent(
        event_id=str(occurred_at),
        kind="view",
        occurred_at=occurred_at,
        received_at=received_at or occurred_at,
        user_id="u",
        item_id="i",
    )


def test_a_stretch_holds_its_start_but_not_its_end() -> None:
    held = [at for at in (9, 10, 19, 20) if Stretch(10, 20).holds(event(at))]
    assert held == [10, 19]
    assert [at for at in (9, 20) if Stretch(from_ms=10).holds(event(at))] == [20]
    assert [at for at in (9, 20) if Stretch(to_ms=20).holds(event(at))] == [9]


def test_a_moment_without_a_zone_is_utc() -> None:
    assert moment("--from", "2011-10-01") == 1_317_427_200_000
    assert moment("--from", "2011-10-01T02:00:00+02:00") == 1_317_427_200_000
    assert moment("--to", "1317427200000") == 1_317_427_200_000


@pytest.mark.parametrize("text", ["", "soon", "2011-13-01", "20111"])
def test_what_is_no_moment_is_named(text: str) -> None:
    with pytest.raises(BadInput, match="--to"):
        moment("--to", text)


def test_sixty_times_as_fast_sends_an_hour_in_a_minute(tmp_path: Path) -> None:
    hour = 3_600_000
    with spool([event(5 * hour), event(6 * hour)], tmp_path) as spooled:
        due_s = pace(times_as_fast("60"), spooled)
        assert [due_s(record_of(one)) for one in spooled.events()] == [0.0, 60.0]
        assert [pace(times_as_fast("max"), spooled)(record_of(one)) for one in spooled.events()] == [0.0, 0.0]


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "inf"])
def test_a_speed_that_is_none_is_named(speed: str) -> None:
    with pytest.raises(BadInput, match=f"--speed {speed}"):
        times_as_fast(speed)


class Topics(Consumer):
    """The ends of three topics of one world, as a broker tells them, for the reader and for the live group."""

    def __init__(self, ends: Mapping[Partition, int], committed: int) -> None:
        self._ends, self._committed = ends, committed
        self._topic = ""

    def assign_whole(self, topic: str) -> None:
        self._topic = topic

    def assignment(self) -> frozenset[Partition]:
        return frozenset(partition for partition in self._ends if partition[0] == self._topic)

    def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return {partition: self._ends[partition] for partition in partitions}

    def committed(self, partition: Partition) -> int | None:
        return self._committed


def test_where_ingest_is_comes_from_ingest_though_retention_has_emptied_its_topics(tmp_path: Path) -> None:
    settings = Settings(paths=Paths(var=tmp_path), world=World(name="w", generation=2))
    # 9 and 4 raw records; 10 clean ones that a reader of the topic would find no more.
    topics = Topics({("w.events.raw", 0): 9, ("w.events.raw", 1): 4, ("w.events.clean", 0): 10}, committed=10)
    assert behind(settings, topics, topics).ingest == 13
    for generation, left in ((1, 13), (2, 3)):  # of another generation's topic the offsets say nothing
        entry = {"ends": {"w.events.raw": {"0": 6, "1": 4}}, "generation": generation}
        write_progress(settings, "ingest", {"ingest-v1": entry})
        assert behind(settings, topics, topics).ingest == left
    write_progress(settings, "hot", {"hot": {"ends": {"w.events.clean": {"0": 7}}}})
    assert behind(settings, topics, topics).readers == {
        "hot": 3,
        "ledger": 10,
        "rejected": 0,
        "catalogue": 0,
        "users": 0,
        "trends": 10,
    }


def test_trends_are_through_when_what_they_published_has_everything(tmp_path: Path) -> None:
    settings = Settings(paths=Paths(var=tmp_path), world=World(name="w"))
    topics = Topics({("w.events.clean", 0): 10, ("w.events.clean", 1): 5}, committed=10)
    report = reporter(settings)
    for read, left in (({}, 15), ({0: 4, 1: 5}, 6), ({0: 10, 1: 5}, 0)):
        report(Progress(lag=0, ends={("w.events.clean", number): end for number, end in read.items()}))
        assert behind(settings, topics, topics).readers["trends"] == left


def test_behind_names_only_the_stages_that_are() -> None:
    assert str(Behind(0, 0, {"hot": 0})) == "nothing behind"
    assert str(Behind(2, 0, {"hot": 1_000, "ledger": 0})) == "ingest 2 behind, hot 1,000 behind"
    assert Behind(2, 1, {"hot": 3}).total == 6


class Looks:
    """Stands in for the servers: each look is the next of these, the last one for ever; sleeping passes the time."""

    def __init__(self, *ingest: int) -> None:
        self.left = list(ingest)
        self.now_s = 0.0

    def behind(self, *_: object) -> Behind:
        return Behind(self.left.pop(0) if len(self.left) > 1 else self.left[0], 0, {"ledger": 0})

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def close(self) -> None:
        """A consumer is closed too."""


def drained(looks: Looks, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(drain, "behind", looks.behind)
    monkeypatch.setattr(drain, "open_consumer", lambda *_, **__: looks)
    seen: list[int] = []
    wait_until_drained(Settings(), lambda: looks.now_s, looks.sleep, lambda now: seen.append(now.ingest))
    return seen


def test_drained_means_that_nothing_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drained(Looks(5, 9, 3, 0), monkeypatch) == [5, 9, 3, 0]


def test_a_reader_that_is_fed_faster_than_it_reads_is_not_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    growing = range(1, 2 * int(drain.PATIENCE_S / drain.POLL_S))
    assert drained(Looks(*growing, 0), monkeypatch) == [*growing, 0]


def test_a_reader_that_never_moves_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PartFailed, match="ingest 7 behind"):
        drained(Looks(7), monkeypatch)
