"""Keep the Delta tables healthy: delete rows past their age, compact small files, remove files that no reader needs.

Compaction never conflicts with the streams' appends; it runs here and not in them, because auto-compaction would
stand in the way of every small commit. How long rows are kept is a setting (keep.*), how long
replaced files, each table's own property (stream/tables.py).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

ROOT = Path(__file__).resolve().parents[1]

with DAG(
    "maintain_tables",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 */6 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=10), "cwd": str(ROOT), "append_env": True},
    tags=["headrace"],
) as dag:
    maintain = BashOperator(
        task_id="maintain",
        bash_command="./spark-submit.sh jobs/maintain.py",
        execution_timeout=timedelta(hours=2),
        doc_md="Old rows, OPTIMIZE, VACUUM, table by table; prints rows deleted, files and bytes before and after.",
    )
