"""`headrace parity` and `headrace backfill` against a real Cassandra: what they say, change, refuse, and exit with."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headrace.domain.facts import PLACE_OF, pack, zero
from headrace.domain.panes import DAY_MS
from headrace.moments import utc
from headrace.settings import Settings
from headrace.stores import blocking
from headrace.stores.ports import PaneCell
from headrace.stream.backfill import parity
from headrace.stream.held import CassandraHeld
from headrace.stream.hot import HOT
from tests.conftest import headrace, stack_environ
from tests.stream.lake import END, FIRST, Lake, in_panes, story

pytestmark = [pytest.mark.spark, pytest.mark.stack]


@pytest.fixture
def lake(tuned: SparkSession, tmp_path: Path, new_world: Callable[[str], Settings]) -> Lake[CassandraHeld]:
    """A world's stream has run; then one pane went wrong, a stranger's came, and a day of one person went missing."""
    settings = new_world("repaired")
    lake = Lake(tuned, tmp_path, settings, CassandraHeld(tuned, settings))
    log = story()
    lake.arrive(log, "first")
    lake.run_finals()
    lake.run_hot(log)
    _, owner, *cell = next(key for key in sorted(in_panes(log)) if key[0] == "user")
    wrong = zero()
    wrong[PLACE_OF["n_view"]] = 1_000
    cells = [PaneCell(owner, *cell, pack(wrong)), PaneCell("u:nobody", FIRST, *cell[1:], pack(wrong))]
    stores = blocking.stores(settings.cassandra, settings.keyspace)
    write_us = blocking.run(stores.leases.next_write_us(HOT, 0))
    blocking.run(stores.user_panes.put(cells, write_us))
    tuned.sql(
        f"DELETE FROM delta.`{settings.table('user_windows')}` WHERE person = '{owner}' AND window_kind = '1d'"
    ).collect()
    return lake


def run(lake: Lake[CassandraHeld], var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = headrace(*arguments, "--world", lake.settings.world.name, "--from", utc(FIRST))
    return subprocess.run(command, env=stack_environ(var), capture_output=True, text=True, timeout=600, check=False)


def test_what_differs_is_reported_with_exit_1_and_a_backfill_of_closed_hours_leaves_it_as_the_recount_has_it(
    lake: Lake[CassandraHeld], var: Path
) -> None:
    found = run(lake, var, "parity", "--to", utc(END), "--json")
    assert found.returncode == 1, found.stderr
    told = {table["table"]: table for table in json.loads(found.stdout)["tables"]}
    assert told["panes"]["differing"] == 2
    assert {each["key"]["owner"] for each in told["panes"]["listed"]} > {"u:nobody"}
    assert (told["user_windows"]["facts"]["copies"] > 0, told["sessions"]["differing"]) == (True, 0)
    refused = run(lake, var, "backfill", "--to", utc(END + 30 * DAY_MS))
    assert refused.returncode == 2
    # spark-submit sends all that a Python program says to its own standard output; the console wraps it.
    said = " ".join((refused.stdout + refused.stderr).split())
    assert "are open, the stream itself still writes them" in said
    assert "Traceback" not in said

    done = run(lake, var, "backfill", "--to", utc(END))
    assert done.returncode == 0, done.stderr
    assert " 2 replaced" in done.stdout
    stores = blocking.stores(lake.settings.cassandra, lake.settings.keyspace)
    assert blocking.run(stores.user_panes.since("u:nobody", 0)) == {}
    wall_ms = time.time_ns() // 1_000_000
    assert [each.differing for each in parity(lake.recount(wall_ms))] == [0, 0, 0, 0]
