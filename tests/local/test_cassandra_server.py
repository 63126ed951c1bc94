"""A node for each address: what the nodes of one machine share, and what each has to itself."""

from pathlib import Path

import pytest

from headrace.errors import PartFailed
from headrace.local import cassandra_ring
from headrace.local.cassandra_ring import await_ring
from headrace.local.cassandra_server import cassandra_parts, node_config
from headrace.local.checkout import CONF
from headrace.settings import Cassandra, load_settings

THREE = Cassandra(hosts=("127.0.0.1", "127.0.0.2", "127.0.0.3"), port=19042, storage_port=17000, heap_mb=512)


def test_each_address_has_a_node_and_one_address_is_the_node_that_it_always_was(tmp_path: Path) -> None:
    settings = load_settings(CONF, environ={"HEADRACE__PATHS__VAR": str(tmp_path)})
    assert [part.name for part in cassandra_parts(settings)] == ["cassandra"]
    three = cassandra_parts(settings.model_copy(update={"cassandra": THREE}))
    assert [part.name for part in three] == ["cassandra", "cassandra-2", "cassandra-3"]
    assert [part.address for part in three] == ["127.0.0.1:19042", "127.0.0.2:19042", "127.0.0.3:19042"]


def test_no_two_nodes_of_a_machine_listen_on_the_same_address_and_port_or_share_a_file(tmp_path: Path) -> None:
    settings = load_settings(CONF, environ={"HEADRACE__PATHS__VAR": str(tmp_path)})
    parts = cassandra_parts(settings.model_copy(update={"cassandra": THREE}))
    listened = [port for part in parts for port in part.ports]
    assert len(set(listened)) == len(listened) == 9
    assert len({part.pid_file for part in parts} | {part.log for part in parts}) == 6


def test_every_node_is_a_seed_of_every_other() -> None:
    configs = [node_config(THREE, place, Path(f"/var/{place}")) for place in range(3)]
    assert [config["listen_address"] for config in configs] == list(THREE.hosts)
    assert [config["rpc_address"] for config in configs] == list(THREE.hosts)
    seeds = "127.0.0.1:17000,127.0.0.2:17000,127.0.0.3:17000"
    assert [config["seed_provider"][0]["parameters"] for config in configs] == [[{"seeds": seeds}]] * 3  # type: ignore[index]


def test_memtables_take_a_quarter_of_a_small_heap_and_256_mib_of_a_large_one() -> None:
    assert node_config(THREE, 0, Path("/var"))["memtable_heap_space"] == "128MiB"
    assert node_config(Cassandra(heap_mb=4096), 0, Path("/var"))["memtable_heap_space"] == "256MiB"


def test_the_ring_is_awaited_until_every_node_lists_both_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # The second node refuses at first and the third has not heard of all: only the last round is a ring.
    answers = iter([2, None, 1, 2, 2, 1, 2, 2, 2])

    def listed(cassandra: Cassandra, host: str) -> int:
        if (answer := next(answers)) is None:
            raise PartFailed("still starting")
        return answer

    monkeypatch.setattr(cassandra_ring, "others_listed", listed)
    monkeypatch.setattr(cassandra_ring, "POLL_S", 0.0)
    await_ring(THREE)
    assert next(answers, "all were asked for") == "all were asked for"


def test_a_ring_that_does_not_close_says_how_many_others_each_node_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cassandra_ring, "others_listed", lambda cassandra, host: 2 if host == "127.0.0.1" else 1)
    monkeypatch.setattr(cassandra_ring, "PATIENCE_S", -1.0)
    with pytest.raises(PartFailed, match=r"must list 2 others; they list \{'127\.0\.0\.1': 2, '127\.0\.0\.2': 1"):
        await_ring(THREE)


def test_one_node_has_nobody_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cassandra_ring, "others_listed")
    await_ring(Cassandra())
