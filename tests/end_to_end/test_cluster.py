"""The story of `make cluster`, short: a worker and a node are lost, and nothing else is."""

from pathlib import Path

import pytest

from headrace.local.machine import available_memory_mb
from tests.end_to_end.cluster import MEMORY_MB, cluster
from tests.end_to_end.cluster_story import shown, tell

pytestmark = [pytest.mark.stack, pytest.mark.cluster, pytest.mark.timeout(900)]


def test_with_a_worker_and_a_node_killed_every_store_equals_the_oracle_and_every_list_is_answered(
    tmp_path: Path,
) -> None:
    if (available := available_memory_mb()) < MEMORY_MB:
        pytest.skip(f"a cluster takes {MEMORY_MB} MB, and {available} MB are available")
    with cluster(tmp_path, print) as running:
        told = tell(running, 3, print)
    assert told.good, shown(told)
