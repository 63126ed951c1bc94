from __future__ import annotations

import pytest
from bench.batches import Batch, Watch, rate, rates, upserts_per_event

from headrace.settings import Paths, Settings
from headrace.stream.progress import write_progress

WARM = Batch(100, 20.5, 2.0, {"dedupe": 90, "panes": 40})
LAST = Batch(50, 22.5, 1.5, {"dedupe": 50, "panes": 30})


def test_the_rate_counts_the_pauses_between_batches():
    assert rate([WARM, LAST]) == pytest.approx(150 / 3.5)  # from 20.5 s to 24.0 s
    assert rates([WARM, LAST]) == [50.0, pytest.approx(100 / 3)]


def test_upserts_are_per_event_by_operator():
    assert upserts_per_event([WARM, LAST]) == {"dedupe": pytest.approx(140 / 150), "panes": pytest.approx(70 / 150)}


def test_a_batch_is_seen_once_and_one_without_records_never(tmp_path):
    settings = Settings(paths=Paths(var=tmp_path))
    watch = Watch(settings, ("hot", "features"))
    watch.look()
    entry = {"batch": 0, "rows": 7, "batch_ms": 1500, "at": "1970-01-01T00:00:02.000Z", "ends": {"t": {"0": 4, "1": 3}}}
    write_progress(settings, "hot", {"hot": entry})
    watch.look()
    watch.look()
    write_progress(settings, "hot", {"hot": entry | {"batch": 1, "rows": 0}})
    watch.look()
    assert watch.of("hot") == [Batch(7, 2.0, 1.5, {})]
    assert (watch.read("hot"), watch.read("ledger"), watch.of("ledger")) == (7, 0, [])
