"""How long events waited for the ledger, as its own files say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from bench.ledger import Commit, commits, growth


def committed(table: Path, version: int, visible_s: float, *files: list[int]) -> None:
    """A commit of data files whose events have these append times, or of none."""
    (table / "_delta_log").mkdir(parents=True, exist_ok=True)
    actions: list[dict[str, object]] = [{"commitInfo": {}}]
    for number, src_ms in enumerate(files):
        pq.write_table(pa.table({"src_ms": pa.array(src_ms, pa.int64())}), table / f"{version}-{number}.parquet")
        actions.append({"add": {"path": f"{version}-{number}.parquet"}})
    entry = table / "_delta_log" / f"{version:020}.json"
    entry.write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")
    os.utime(entry, (visible_s, visible_s))


def test_the_event_that_waited_longest_counts_and_only_commits_of_the_time_asked_for(tmp_path: Path) -> None:
    committed(tmp_path, 0, 90.0, [1_000])
    committed(tmp_path, 1, 100.0, [99_000, 97_500], [98_000])
    committed(tmp_path, 2, 105.0)
    committed(tmp_path, 3, 110.0, [109_000])
    committed(tmp_path, 4, 120.0, [1_000])

    assert commits(tmp_path, 100.0, 120.0) == [Commit(100_000, 2_500), Commit(110_000, 1_000)]


def test_growth_is_the_last_third_over_the_first() -> None:
    waited = [100, 300, 200, 1, 1, 1, 500, 400, 600]  # medians 200 and 500

    assert growth([Commit(at, each) for at, each in enumerate(waited)]) == 2.5
