"""Recount closed hours from the ledger and hold the stream's result against them, fact by fact.

Each run looks back 30 hours from the end of its interval, so that every hour and every day's window is compared after
it has closed, and again in the runs after that; hours that are still open are left out. Nothing is changed: a run that
fails names the rows that differ, with both values, and the `headrace backfill` that puts the recount in their place.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

ROOT = Path(__file__).resolve().parents[1]

with DAG(
    "parity",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 3,9,15,21 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"cwd": str(ROOT), "append_env": True},
    tags=["headrace"],
) as dag:
    parity = BashOperator(
        task_id="parity",
        bash_command=(
            "./spark-submit.sh jobs/parity.py"
            " --from {{ (data_interval_end - macros.timedelta(hours=30)).isoformat() }}"
            " --to {{ data_interval_end.isoformat() }}"
        ),
        execution_timeout=timedelta(hours=2),
        doc_md="Stream against recount; exit code 1 on a mismatch. Not retried: the same rows would differ again.",
    )
