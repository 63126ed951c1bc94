"""The schedules, as Airflow itself reads them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from headrace.program import ROOT
from tests.airflow_cli import Airflow

pytestmark = pytest.mark.airflow

DAGS = {"retrain_daily", "maintain_tables", "parity"}


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
        "rules": {task.task_id: task.trigger_rule for task in dag.tasks},
        "after": {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks},
        "retries": {task.task_id: task.retries for task in dag.tasks},
        "timeouts": all(task.execution_timeout for task in dag.tasks),
    }
print("INTERVALS" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def dags(airflow: Airflow) -> dict[str, Any]:
    """What Airflow knows of each DAG."""
    answer = airflow("-c", INTERVALS, str(ROOT / "dags"), program="python")
    match = re.search(r"INTERVALS(\{.*\})", answer.stdout)
    assert match, answer.stderr
    found: dict[str, Any] = json.loads(match[1])
    return found


def test_an_interval_has_a_width_and_runs_do_not_overlap(dags: dict[str, Any]) -> None:
    # By hand: the last complete interval before 2026-03-05 12:00 UTC of '30 2 * * *', and of '0 */6 * * *'.
    assert (dags["retrain_daily"]["start"], dags["retrain_daily"]["end"]) == (
        "2026-03-04T02:30:00+00:00",
        "2026-03-05T02:30:00+00:00",
    )
    assert (dags["maintain_tables"]["start"], dags["maintain_tables"]["end"]) == (
        "2026-03-05T06:00:00+00:00",
        "2026-03-05T12:00:00+00:00",
    )
    assert (dags["parity"]["start"], dags["parity"]["end"]) == (
        "2026-03-05T03:00:00+00:00",
        "2026-03-05T09:00:00+00:00",
    )
    for dag in dags.values():
        assert (dag["catchup"], dag["max_active_runs"], dag["doc"], dag["timeouts"]) == (False, 1, True, True)


def test_a_refused_model_is_not_tried_again_is_shown_and_fails_the_run(dags: dict[str, Any]) -> None:
    retrain = dags["retrain_daily"]
    assert retrain["retries"]["train"] == 0
    assert (retrain["after"]["models"], retrain["rules"]["models"]) == (["train"], "all_done")
    # A run has failed when one of its last tasks has, or was not reached: `models` alone would turn it green.
    before = {task for tasks in retrain["after"].values() for task in tasks}
    assert set(retrain["after"]) - before == {"models", "verdict"}
    assert (retrain["after"]["verdict"], retrain["rules"]["verdict"]) == (["train"], "all_success")


def test_dag_files_hold_a_schedule_and_nothing_else() -> None:
    for path in (ROOT / "dags").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 80, path
        assert not re.search(r"^\s*(from|import) (pyspark|pandas|headrace)|^\s*Variable\b", text, re.MULTILINE), path
