"""`headrace parity` and `headrace backfill` against a real Cassandra: what they say, change, refuse, and exit with."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headrace.domain.facts import PLACE_OF, pack, zero
from headrace.domain.panes import HOUR_MS
from headrace.settings import Settings
from headrace.stores import blocking
from headrace.stores.ports import PaneCell
from headrace.stream.held import CassandraHeld
from headrace.stream.settled import utc
from tests.conftest import headrace, stack_environ
from tests.stream.lake import END, FIRST, Lake, in_panes, story

pytestmark = [pytest.mark.spark, pytest.mark.stack]

WORLD = "repair"


@pytest.fixture
def world(tuned: SparkSession, tmp_path: Path, new_world: Callable[[str], Settings]) -> Settings:
    """Its stream has run; then one pane went wrong, a stranger's came, and a day of one person went missing."""
    settings = new_world(WORLD)
    lake = Lake(tuned, tmp_path, settings, CassandraHeld(tuned, settings))
    log = story()
    lake.arrive(log, "first")
    lake.run_finals()
    lake.run_hot(log)
    _, owner, pane_ms, category = next(key for key in sorted(in_panes(log)) if key[0] == "user")
    wrong = zero()
    wrong[PLACE_OF["n_view"]] = 1_000
    cells = [PaneCell(owner, pane_ms, category, pack(wrong)), PaneCell("u:nobody", FIRST, "books", pack(wrong))]
    stores = blocking.stores(settings.cassandra, settings.keyspace)
    write_us = blocking.run(stores.leases.next_write_us("hot-v1", 0))
    blocking.run(stores.user_panes.put(cells, write_us))
    tuned.sql(
        f"DELETE FROM delta.`{settings.table('user_windows')}` WHERE person = '{owner}' AND window_kind = '1d'"
    ).collect()
    return settings


def run(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = headrace(*arguments, "--world", WORLD, "--from", utc(FIRST))
    return subprocess.run(command, env=stack_environ(var), capture_output=True, text=True, timeout=600, check=False)


def test_what_differs_is_reported_with_exit_1_rebuilt_and_then_equal_and_open_hours_are_refused(
    world: Settings, var: Path
) -> None:
    found = run(var, "parity", "--to", utc(END), "--json")
    assert found.returncode == 1, found.stderr
    told = {table["table"]: table for table in json.loads(found.stdout)["tables"]}
    assert told["panes"]["differing"] == 2
    assert {each["key"]["owner"] for each in told["panes"]["listed"]} > {"u:nobody"}
    assert (told["user_windows"]["facts"]["copies"] > 0, told["sessions"]["differing"]) == (True, 0)

    refused = run(var, "backfill", "--to", utc(END + 30 * 24 * HOUR_MS))
    assert refused.returncode == 2
    assert "are open, the stream itself still writes them" in refused.stderr
    assert "Traceback" not in refused.stderr

    done = run(var, "backfill", "--to", utc(END))
    assert done.returncode == 0, done.stderr
    assert "panes: " in done.stdout
    assert " 2 replaced" in done.stdout
    equal = run(var, "parity", "--to", utc(END))
    assert equal.returncode == 0, equal.stdout + equal.stderr
    stores = blocking.stores(world.cassandra, world.keyspace)
    assert blocking.run(stores.user_panes.since("u:nobody", 0)) == {}
