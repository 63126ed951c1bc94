"""The schema from its files, and what is wrong with the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import BadSettings, StoreUnavailable
from headrace.settings import Cassandra, Settings
from headrace.stores.cassandra import CassandraStores
from headrace.stores.schema import create_schema
from tests.stores.conftest import Run

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.stack
def test_making_the_schema_again_keeps_what_is_there_and_sets_the_ttl(
    world: Settings, cassandra_stores: CassandraStores, run: Run
) -> None:
    run(cassandra_stores.decisions.put([("kept", b"x")]))
    create_schema(world.cassandra, world.keyspace, ROOT / "conf/cassandra", {"session_tail": 12_345})
    assert run(cassandra_stores.decisions.get("kept")) == b"x"
    assert run(_ttl(cassandra_stores, world.keyspace)) == 12_345


async def _ttl(stores: CassandraStores, keyspace: str) -> int:
    query = await stores.connection.prepare(
        "SELECT default_time_to_live FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'session_tail'",
        "own",
    )
    rows = await stores.connection.rows(query, (keyspace,))
    return int(rows[0][0])


@pytest.mark.stack
def test_a_statement_that_cassandra_refuses_names_its_file(world: Settings, tmp_path: Path) -> None:
    (tmp_path / "bad.cql").write_text("-- Which?\nCREATE TABLE IF NOT EXISTS bad (a text)")
    with pytest.raises(StoreUnavailable, match=r"bad\.cql"):
        create_schema(world.cassandra, world.keyspace, tmp_path)


def test_a_folder_without_statements_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=str(tmp_path)):
        create_schema(Cassandra(), "headrace_main", tmp_path)


def test_a_table_without_its_query_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mute.cql").write_text("CREATE TABLE mute (a text PRIMARY KEY)")
    with pytest.raises(BadSettings, match=r"mute\.cql.*query"):
        create_schema(Cassandra(), "headrace_main", tmp_path)


def test_every_table_of_the_project_is_headed_by_the_query_it_answers() -> None:
    files = sorted((ROOT / "conf/cassandra").glob("*.cql"))
    assert len(files) >= 11
    for file in files:
        assert file.read_text().startswith("-- "), file
        assert f"CREATE TABLE IF NOT EXISTS {file.stem} (" in file.read_text(), file
