"""Recommendations at a fixed rate against a running world, beside the same server's empty answer (/livez).

The peer shows what HTTP, the machine and the load generator cost by themselves; both sides are interleaved. The
generator runs on the same cores, so it takes as little of them as it can. Servers that were just started compile
themselves for half an hour: wait, or raise --warm-up.

The same 1,000 people ask again every 1,000 requests, so after the warm-up their candidates come from memory: two reads
an answer, not three. HEADRACE__SERVE__CANDIDATE_CACHE=0 before `headrace up` makes it three, and
HEADRACE__SERVE__WORKERS=0 makes the API rank in its own process. The demo's ingest begins a batch every ten seconds, a
third of a second of one core; HEADRACE__SPARK__INGEST_BATCH='1 minute' makes it begin them as a shop's does.
"""

from __future__ import annotations

import json
import statistics
from typing import Annotated

import typer
import uvloop

from bench.load import Call, Outcome, open_loop
from bench.people import known_people
from bench.rows import Row, percentile, show
from headrace.program import conf_dir, run
from headrace.settings import load_settings


def main(
    world: str = "demo",
    rate: Annotated[int, typer.Option(min=1, help="requests per second")] = 200,
    seconds: Annotated[int, typer.Option(min=1, max=120, help="length of one round")] = 10,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 5,
    warm_up: Annotated[int, typer.Option(min=0, max=300, help="seconds of load that are not counted")] = 60,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    settings = load_settings(conf_dir(), world=world)
    base_url = f"http://{settings.serve.host}:{settings.serve.port}"
    people = known_people(settings, 1_000)
    bodies = [
        json.dumps({(person.partition(":")[0] == "u" and "user_id") or "session_id": person[2:], "limit": 20}).encode()
        for person in people
    ]
    count = rate * seconds
    recommend = [Call("POST", "/v1/recommendations", bodies[n % len(bodies)]) for n in range(count)]
    livez = [Call("GET", "/livez")] * count
    for start in range(0, warm_up, seconds):
        uvloop.run(open_loop(base_url, recommend[: rate * min(seconds, warm_up - start)], rate))
    ours, floor = [], []
    for _ in range(rounds):
        ours.append(uvloop.run(open_loop(base_url, recommend, rate)))
        floor.append(uvloop.run(open_loop(base_url, livez, rate)))
    rows = [
        _row(f"recommendation p{int(share * 100)} at {rate}/s", share, ours, floor, goal)
        for share, goal in ((0.5, None), (0.9, None), (0.99, "<= 25"))
    ]
    failed = sum(outcome.status != 200 for outcomes in ours for outcome in outcomes)
    rows.append(Row("answers other than 200", failed, "", (0, failed), goal="<= 0"))
    show(rows, as_json)


def _row(metric: str, share: float, ours: list[list[Outcome]], floor: list[list[Outcome]], goal: str | None) -> Row:
    values = [percentile(sorted(o.latency_ms for o in outcomes), share) for outcomes in ours]
    floors = [percentile(sorted(o.latency_ms for o in outcomes), share) for outcomes in floor]
    spread = (min(values), max(values))
    return Row(metric, statistics.median(values), "ms", spread, "livez", statistics.median(floors), goal)


if __name__ == "__main__":
    run(lambda: typer.run(main))
