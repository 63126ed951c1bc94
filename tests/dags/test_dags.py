"""The schedules, as Airflow itself reads them."""

from __future__ import annotations

import json
import re

import pytest

from headrace.program import ROOT
from tests.airflow_cli import Airflow

pytestmark = pytest.mark.airflow

DAGS = {"retrain_daily", "maintain_tables"}


def test_every_dag_imports_without_an_error(airflow: Airflow) -> None:
    assert airflow.rows("dags", "list-import-errors") == []
    assert {dag["dag_id"] for dag in airflow.rows("dags", "list")} == DAGS


INTERVALS = """
import json, sys
from datetime import timedelta
from airflow.dag_processing.dagbag import DagBag
import pendulum
bag = DagBag(dag_folder=sys.argv[1])
found = {}
for dag in bag.dags.values():
    now = pendulum.datetime(2026, 3, 5, 12, tz="UTC")
    interval = dag.timetable.infer_manual_data_interval(run_after=now)
    found[dag.dag_id] = {
        "start": interval.start.isoformat(), "end": interval.end.isoformat(),
        "catchup": dag.catchup, "max_active_runs": dag.max_active_runs, "doc": bool(dag.doc_md),
        "timeouts": all(task.execution_timeout for task in dag.tasks),
    }
print("INTERVALS" + json.dumps(found))
"""


def test_an_interval_has_a_width_and_runs_do_not_overlap(airflow: Airflow) -> None:
    answer = airflow("-c", INTERVALS, str(ROOT / "dags"), program="python")
    match = re.search(r"INTERVALS(\{.*\})", answer.stdout)
    assert match, answer.stderr
    dags = json.loads(match[1])
    # By hand: the last complete interval before 2026-03-05 12:00 UTC of '30 2 * * *', and of '0 */6 * * *'.
    assert (dags["retrain_daily"]["start"], dags["retrain_daily"]["end"]) == (
        "2026-03-04T02:30:00+00:00",
        "2026-03-05T02:30:00+00:00",
    )
    assert (dags["maintain_tables"]["start"], dags["maintain_tables"]["end"]) == (
        "2026-03-05T06:00:00+00:00",
        "2026-03-05T12:00:00+00:00",
    )
    for dag in dags.values():
        assert (dag["catchup"], dag["max_active_runs"], dag["doc"], dag["timeouts"]) == (False, 1, True, True)


def test_dag_files_hold_a_schedule_and_nothing_else() -> None:
    for path in (ROOT / "dags").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 80, path
        assert not re.search(r"^\s*(from|import) (pyspark|pandas|headrace)|^\s*Variable\b", text, re.MULTILINE), path
