"""What bench fresh says of the ledger, out of commits."""

from __future__ import annotations

from bench.fresh import OURS, STOCK, _ledger_rows
from bench.ledger import Commit

THREE = [Commit(0, 2_000), Commit(1, 9_000), Commit(2, 3_000)]


def test_a_peer_without_a_commit_is_said_to_have_waited_for_more_than_was_measured() -> None:
    half, most, growth = _ledger_rows({OURS: THREE, STOCK: []}, 75_000)

    assert (half.value, half.peer, half.peer_value) == (3_000, "stock Spark: more than", 75_000)
    assert (most.value, most.met) == (9_000, False)
    assert growth.value == 1.5


def test_a_peer_that_was_not_measured_is_not_there() -> None:
    assert [row.peer for row in _ledger_rows({OURS: THREE}, 75_000)] == [None, None, None]


def test_without_a_commit_of_ours_the_goal_is_not_met_and_the_other_rows_are_not_lost() -> None:
    (row,) = _ledger_rows({OURS: []}, 75_000)
    assert (row.metric, row.value, row.met) == (
        "Kafka → ledger, no commit while it was measured: more than",
        75_000,
        False,
    )
