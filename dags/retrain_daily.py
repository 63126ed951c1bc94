"""Retrain once a day on everything received before the end of the interval, judge, publish.

The interval is the scheduler's: `train` gets its end and pins the newest Delta version at its start, so a re-run
replaces that interval's model. A model that the gate refuses is kept on the shelf with its verdict, is not served,
and fails `train` with exit 1: at once, since the same history makes the same model, and with the run. `models` tells
what is on the shelf all the same. The world and its addresses come from Headrace's own settings
(conf/, HEADRACE__SECTION__KEY in the worker's environment), not from Airflow Variables.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

ROOT = Path(__file__).resolve().parents[1]

with DAG(
    "retrain_daily",
    doc_md=__doc__,
    # Airflow 3 gives cron strings zero-width intervals; this timetable gives [yesterday 02:30, today 02:30).
    schedule=CronDataIntervalTimetable("30 2 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5), "cwd": str(ROOT), "append_env": True},
    tags=["headrace"],
) as dag:
    account = BashOperator(
        task_id="account",
        bash_command=".venv/bin/headrace account --json",
        execution_timeout=timedelta(minutes=15),
        doc_md="Every event received is counted, late, duplicate, rejected or without consent; a mismatch stops here.",
    )
    train = BashOperator(
        task_id="train",
        bash_command="./spark-submit.sh jobs/train.py --interval-end {{ data_interval_end.isoformat() }}",
        execution_timeout=timedelta(hours=6),
        retries=0,
        doc_md="Train, evaluate, gate, write the candidates and the shelf, flip the pointer last.",
    )
    models = BashOperator(
        task_id="models",
        bash_command=".venv/bin/headrace models --json",
        execution_timeout=timedelta(minutes=5),
        trigger_rule="all_done",
        doc_md="What is on the shelf and what is served, for the log of this run.",
    )
    verdict = EmptyOperator(
        task_id="verdict",
        execution_timeout=timedelta(minutes=1),
        doc_md="A run is as its last tasks are: this one succeeds only after `train`; a refused model fails the run.",
    )
    account >> train >> [models, verdict]
