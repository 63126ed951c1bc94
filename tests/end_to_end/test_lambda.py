"""The whole lambda against the real servers: known events in by HTTP and by Kafka, two drivers killed on the way, and
then Delta, Cassandra and the API must hold what a loop over the same bytes says. One story, told in order.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from headrace.program import ROOT
from headrace.settings import Settings
from headrace.stores.ports import Stores
from tests.airflow_cli import Airflow
from tests.conftest import run_headrace, stack_environ
from tests.end_to_end.access import (
    accounted,
    api_of,
    column,
    ledger_rows,
    pid_of,
    rows_of,
    send,
    wait_for,
    with_stores,
)
from tests.end_to_end.standalone import standalone_cluster
from tests.end_to_end.story import Expected, chapter, oracle

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1500)]

DRAINED_S = 240


@dataclass(frozen=True, slots=True)
class Story:
    settings: Settings
    var: Path
    expected: Expected
    before: dict[str, Any]

    @property
    def api(self) -> str:
        return api_of(self.settings)


@pytest.fixture(scope="module")
def story(stack: Settings, var: Path) -> Story:
    """Everything is sent, ingest, ledger and features were killed between two chapters, and all of it has arrived."""
    before = httpx.post(f"{api_of(stack)}/v1/recommendations", json={"user_id": "story-1"}, timeout=10)
    assert before.status_code == 200, before.text
    now_ms = time.time_ns() // 1_000_000
    first, second = chapter(0, now_ms), chapter(1000, now_ms)
    send(stack, first)
    wait_for("some of the first chapter in the ledger", lambda: ledger_rows(stack) > 0, DRAINED_S)
    send(stack, second[:40])  # under way while the drivers die
    for pid in [pid_of(var, part) for part in ("ingest", "hot", "ledger", "features")]:
        os.kill(pid, signal.SIGKILL)
    send(stack, second[40:])
    run_headrace(var, "up")
    wait_for("account to say that all is drained and adds up", lambda: accounted(var), DRAINED_S)
    return Story(stack, var, oracle([*first, *second], now_ms), before.json())


def test_the_ledger_holds_every_clean_event_once_by_src(story: Story) -> None:
    ledger = rows_of(story.settings, "events", ["src", "person", "event_id", "occurred_at", "late"])
    mine = {row["src"]: row for row in ledger if row["event_id"].startswith("story-")}
    assert Counter((r["person"], r["event_id"], r["occurred_at"]) for r in mine.values()) == story.expected.clean
    assert sum(row["late"] for row in mine.values()) == story.expected.late == 6


def test_every_bad_record_is_kept_with_its_reason(story: Story) -> None:
    rejected = {row["src"]: row for row in rows_of(story.settings, "rejected", ["src", "reason", "raw"])}
    assert Counter(row["reason"] for row in rejected.values()) == story.expected.rejected
    assert {row["raw"] for row in rejected.values()} >= {b"\xff\xfe not text", b'{"event_id": '}
    assert all(not row["raw"] for row in rejected.values() if row["reason"] == "no_consent")


def test_panes_and_tails_in_cassandra_equal_the_recount(story: Story) -> None:
    expected = story.expected

    async def read(stores: Stores) -> tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]:
        users = {p: await stores.user_panes.since(p, 0) for p, *_ in expected.user_panes}
        items = {i: await stores.item_panes.since(i, 0) for i, *_ in expected.item_panes}
        tails = {p: await stores.tails.newest(p, 1000) for p in expected.tails}
        return users, items, tails

    users, items, tails = with_stores(story.settings, read)
    assert {(o, *key): f.tolist() for o, cells in users.items() for key, f in cells.items()} == expected.user_panes
    assert {(o, *key): f.tolist() for o, cells in items.items() for key, f in cells.items()} == expected.item_panes
    assert {p: {(e.event_id, e.occurred_at) for e in tail} for p, tail in tails.items()} == expected.tails


def test_before_any_model_a_known_person_and_a_stranger_get_a_list(story: Story) -> None:
    assert story.before["versions"]["candidates"] is None
    for body in ({"user_id": "story-1"}, {"session_id": "never-seen"}, {}, {"user_id": "story-1", "limit": 3}):
        answer = httpx.post(f"{story.api}/v1/recommendations", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        assert [item["place"] for item in answer.json()["items"]] == list(range(len(answer.json()["items"])))


def test_what_a_person_does_is_in_their_features_and_decisions_can_be_asked_for(story: Story) -> None:
    features = httpx.get(f"{story.api}/v1/people/u:story-1/features", timeout=10)
    assert features.status_code == 200, features.text
    answer = httpx.post(f"{story.api}/v1/recommendations", json={"user_id": "story-1"}, timeout=10).json()
    address = f"{story.api}/v1/decisions/{answer['request_id']}"
    wait_for("the decision in Cassandra", lambda: httpx.get(address, timeout=10).status_code == 200, 30)
    archived = "the decision in Delta"
    wait_for(archived, lambda: answer["request_id"] in column(story.settings, "decisions", "request_id"), DRAINED_S)


def test_a_profile_is_on_its_persons_page_and_in_delta(story: Story) -> None:
    said = httpx.put(f"{story.api}/v1/users/story-1", json={"country": "GB"}, timeout=10)
    assert said.status_code == 200, said.text
    page = f"{story.api}/v1/people/u:story-1/features"

    def shown() -> bool:
        profile = httpx.get(page, timeout=10).json().get("profile")
        return profile is not None and profile["country"] == "GB"

    wait_for("the profile on the page", shown, 30)
    wait_for("the profile in Delta", lambda: "story-1" in column(story.settings, "users", "user_id"), DRAINED_S)


@pytest.mark.airflow
def test_airflow_retrains_and_the_api_serves_the_new_model(story: Story, airflow: Airflow) -> None:
    # At midnight in two days the newest complete interval is the one that ends tomorrow at 02:30: today is in it.
    date = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    inside = Airflow({**airflow.environ, **stack_environ(story.var)}, airflow.home)
    run = inside("dags", "test", "retrain_daily", date, seconds=900)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-3000:]
    models = json.loads(run_headrace(story.var, "models", "--json"))
    served = [model["version"] for model in models["models"] if model["state"] == "served"]
    assert len(served) == 1

    def model() -> object:  # the one that every process lists by
        return httpx.get(f"{story.api}/readyz", timeout=10).json()["model"]

    wait_for("the API to serve the new model", lambda: model() == served[0], 30)
    answers: list[dict[str, Any]] = []

    def listed() -> bool:
        answers.append(answered(story))
        return bool(answers[-1]["versions"]["candidates"] == served[0])

    wait_for("a list of its candidates, read in time", listed, 30)
    answer = answers[-1]
    assert answer["versions"]["model"] == served[0]
    assert answer["items"]
    assert {source for item in answer["items"] for source in item["sources"]} & {"als", "item_to_item", "own_history"}
    assert all(item["score_micro"] == sum(item["parts"].values()) for item in answer["items"])


def test_the_same_job_trains_on_a_standalone_cluster(story: Story, tmp_path: Path) -> None:
    with standalone_cluster(tmp_path) as spark:
        wait_for("the worker", spark.ready, 60)
        done = subprocess.run(
            (str(ROOT / "spark-submit.sh"), "jobs/train.py"),
            env=stack_environ(story.var) | {"HEADRACE__SPARK__MASTER": spark.master},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    applications = [folder.name for folder in spark.workers[0].glob("app-*")]
    assert len(applications) == 1, "the worker ran an executor of the job"


def test_with_cassandra_stopped_lists_go_on_and_say_so(story: Story) -> None:
    os.kill(pid_of(story.var, "cassandra"), signal.SIGKILL)
    try:
        answers = [
            httpx.post(f"{story.api}/v1/recommendations", json={"user_id": "story-1"}, timeout=10) for _ in range(20)
        ]
        assert [answer.status_code for answer in answers] == [200] * 20
        assert all(answer.json()["degraded"] for answer in answers)
        decision = httpx.get(f"{story.api}/v1/decisions/none-such", timeout=10)
        assert (decision.status_code, decision.headers["content-type"]) == (503, "application/problem+json")
        assert "retry-after" in decision.headers
    finally:
        run_headrace(story.var, "up")
    wait_for("answers that are whole again", lambda: not lost(answered(story)), 120)


def answered(story: Story) -> dict[str, Any]:
    answer = httpx.post(f"{story.api}/v1/recommendations", json={"user_id": "story-1"}, timeout=10)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def lost(answer: dict[str, Any]) -> set[str]:
    """The reads of an answer that fell back; candidates are read only where a model is served."""
    return {stage["stage"] for stage in answer["degraded"]} & {"tail", "panes"}
