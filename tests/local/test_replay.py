"""What a replay takes of a dataset, when it sends it, and how it knows that all of it was carried through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace.errors import BadInput, PartFailed
from headrace.local import drain
from headrace.local.datasets import spool
from headrace.local.drain import Behind, features_read, newest_raw, wait_until_drained
from headrace.local.replay import Stretch, moment, pace
from headrace.local.wire import WireEvent, record_of
from headrace.settings import Paths, Settings, World
from headrace.stores.kafka import Record


def event(occurred_at: int, received_at: int | None = None) -> WireEvent:
    return WireEvent(
        event_id=str(occurred_at),
        kind="view",
        occurred_at=occurred_at,
        received_at=received_at or occurred_at,
        user_id="u",
        item_id="i",
    )


def output(src: str, offset: int = 0) -> Record:
    return Record("w.events.clean", 0, offset, 0, None, b"", (("src", src.encode()), ("src_ms", b"0")))


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


def test_sixty_times_as_fast_sends_an_hour_in_a_minute() -> None:
    hour = 3_600_000
    with spool([event(5 * hour), event(6 * hour)]) as spooled:
        due_s = pace("60", spooled)
        assert [due_s(record_of(one)) for one in spooled.events()] == [0.0, 60.0]
        assert [pace("max", spooled)(record_of(one)) for one in spooled.events()] == [0.0, 0.0]


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan"])
def test_a_speed_that_is_none_is_named(speed: str) -> None:
    with spool([event(1)]) as spooled, pytest.raises(BadInput, match=f"--speed {speed}"):
        pace(speed, spooled)


def test_the_newest_raw_record_is_found_among_the_outputs_of_ingest() -> None:
    assert newest_raw([]) == {}
    assert newest_raw([output("1:0:7"), output("1:1:3"), output("1:0:5")]) == {0: 8, 1: 4}


def test_progress_is_read_by_query_topic_and_partition(tmp_path: Path) -> None:
    settings = Settings(paths=Paths(var=tmp_path), world=World(name="w"))
    assert features_read(settings) == {}
    path = tmp_path / "worlds" / "w" / "run" / "features.progress.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"hot": {"ends": {"w.events.clean": {"0": 12}}}, "windows": {"ends": None}, "x": {}}))
    assert features_read(settings) == {"hot": {("w.events.clean", 0): 12}, "windows": {}, "x": {}}


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
