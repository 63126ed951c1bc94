"""A small dataset replayed twice through the real servers and jobs: the second time changes no count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.domain.trend_lists import unpack
from headrace.domain.trends import Ranked
from headrace.settings import Settings
from headrace.stores import blocking
from tests.conftest import run_headrace, stack_settings

ROWS = (
    "event_id,kind,user_id,item_id,occurred_at,received_at",
    "a,view,1,x,1300000000000,1300000000000",
    "b,view,1,x,1300000001000,1300000001000",
    "a,view,1,x,1300000000000,1300000002000",  # a again: the same person, id and moment
    "c,purchase,2,x,1300000003000,1300000003000",
    "d,view,2,y,1300000004000,1300000604001",  # a millisecond more than ten minutes late
    "e,teleport,2,y,1300000605000,1300000605000",  # no such kind
)


def popular(world: Settings) -> Ranked:
    """What the published trends say of the last day, at once when the replay has ended."""
    patient = world.cassandra.model_copy(update={"read_timeout_ms": 5_000})
    found = blocking.run(blocking.stores(patient, world.keyspace).trends.lists())
    assert found is not None
    return unpack(found[1]).lists["1d", "popular"]


def up_of(var: Path) -> set[str]:
    """The parts of the replay's world that run."""
    parts = json.loads(run_headrace(var, "status", "--world", "twice", "--json"))["parts"]
    return {part["name"] for part in parts if part["state"] == "up"}


@pytest.fixture
def running(var: Path, servers: Settings) -> Iterator[set[str]]:
    """A world that lacks two of its jobs; the parts of it that run."""
    run_headrace(var, "up", "--world", "twice", "--without", "live", "--without", "trends", "--without", "serve")
    yield up_of(var)
    run_headrace(var, "down", "--world", "twice")


@pytest.mark.stack
@pytest.mark.timeout(1500)
def test_a_second_replay_changes_no_count_and_what_a_replay_started_it_stops(
    tmp_path: Path, var: Path, running: set[str]
) -> None:
    assert running == {"kafka", "cassandra", "ingest", "hot", "ledger", "features"}
    (tmp_path / "events.csv").write_text("\n".join(ROWS) + "\n")
    (tmp_path / "items.csv").write_text("item_id,title\nx,The X\ny,The Y\n")
    accounts = []
    for _ in range(2):
        told = json.loads(run_headrace(var, "replay", str(tmp_path), "--world", "twice", "--json"))
        assert (told["events"], told["items"], told["skipped"]) == (6, 2, {})
        assert up_of(var) == running
        accounts.append(json.loads(run_headrace(var, "account", "--world", "twice", "--json")))
        assert popular(stack_settings(var, "twice")) == Ranked(("x",), (6_000_000,))  # a person's views count once
    first, second = accounts
    assert first["totals"] == {
        "received": 6, "rejected": 1, "no_consent": 0, "late": 1, "duplicate": 1, "counted": 3, "hot": 3,
    }  # fmt: skip
    assert second["totals"] == {
        "received": 12, "rejected": 2, "no_consent": 0, "late": 2, "duplicate": 5, "counted": 3, "hot": 3,
    }  # fmt: skip
    assert first["adds_up"]
    assert second["adds_up"]
