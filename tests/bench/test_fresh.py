"""What bench fresh says of panes and of the ledger, out of what was seen and of commits."""

from __future__ import annotations

import pytest
from bench.fresh import OURS, STOCK, _ledger_rows, _rows
from bench.ledger import Commit
from bench.probe import GIVEN_UP_MS, Seen

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


@pytest.mark.parametrize(("third_ms", "peer"), [(30_000.0, "stock Spark"), (GIVEN_UP_MS, "stock Spark: more than")])
def test_a_peer_that_was_given_up_is_said_to_have_taken_more_than_that(third_ms: float, peer: str) -> None:
    ours = [[Seen(20.0, 500.0)] * 3]
    stock = [[Seen(20.0, 20_000.0), Seen(20.0, 20_000.0), Seen(20.0, third_ms)], [Seen(20.0, third_ms)] * 3]

    rows = _rows({OURS: ours[0], STOCK: stock[0]}, {OURS: ours, STOCK: stock}, 1_000)

    half, most = (
        next(row for row in rows if row.metric.startswith(f"event → pane {share}")) for share in ("p50", "p99")
    )
    assert (most.peer, most.peer_value) == (peer, third_ms)
    assert most.ratio == third_ms / 500
    assert (half.peer, half.peer_value) == (peer, (20_000 + third_ms) / 2)
    (fresher,) = (row for row in rows if row.unit == "×")
    assert (fresher.value, fresher.spread, fresher.met) == ((20_000 + third_ms) / 2 / 500, (40, third_ms / 500), True)
