"""A changed price, and an item gone, until answers show it: PUT or DELETE acknowledged, then asked until it is seen.

Against a running world; the items of the measurement have a category of their own and are deleted in the end.
"""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from typing import Annotated

import msgspec
import typer

from bench.rows import Row, percentile, show
from headrace.errors import StoreUnavailable
from headrace.program import conf_dir, run
from headrace.serve.wire import MAX_LIMIT, RankedList
from headrace.settings import load_settings

ASK_EVERY_S = 0.01
GIVE_UP_S = 30.0
# The process looks at its catalogue every second, and what was just seen was seen at a look: changes right after it
# would all wait for a whole second. Multiples of the golden ratio spread any number of them evenly between two looks.
GOLDEN = 0.6180339887


def main(
    world: str = "demo",
    changes: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="prices changed, items deleted, a round")] = 10,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 3,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    settings = load_settings(conf_dir(), world=world)
    connection = http.client.HTTPConnection(settings.serve.host, settings.serve.port, timeout=GIVE_UP_S)
    category = f"bench-{time.time_ns()}"
    priced: list[list[float]] = []
    gone: list[list[float]] = []
    with closing(connection):
        for number in range(rounds):
            names = [f"{category}-{number}-{n}" for n in range(changes)]
            for name in names:
                _ask(connection, "PUT", f"/v1/items/{name}", {"category": category, "price_minor": 100})
            _until(lambda: len(_served(connection, category)) == changes)
            priced.append([_priced(connection, category, name, n) for n, name in enumerate(names)])
            gone.append([_gone(connection, category, name, n) for n, name in enumerate(names)])
    rows = [
        _row(what, share, ours) for what, ours in (("price shown", priced), ("item gone", gone)) for share in (0.5, 1.0)
    ]
    show(rows, as_json)


def _priced(connection: http.client.HTTPConnection, category: str, name: str, number: int) -> float:
    time.sleep(number * GOLDEN % 1.0)
    _ask(connection, "PATCH", f"/v1/items/{name}", {"price_minor": 200})
    return _until(lambda: _served(connection, category)[name] == 200)


def _gone(connection: http.client.HTTPConnection, category: str, name: str, number: int) -> float:
    time.sleep(number * GOLDEN % 1.0)
    _ask(connection, "DELETE", f"/v1/items/{name}", None)
    return _until(lambda: name not in _served(connection, category))


def _until(seen: Callable[[], bool]) -> float:
    """Milliseconds until it was seen, from now: the change has just been acknowledged."""
    began = time.perf_counter()
    while not seen():
        if time.perf_counter() - began > GIVE_UP_S:
            raise TimeoutError(f"not in answers after {GIVE_UP_S:.0f} s: see /readyz of the world's API")
        time.sleep(ASK_EVERY_S)
    return (time.perf_counter() - began) * 1000


def _served(connection: http.client.HTTPConnection, category: str) -> dict[str, int | None]:
    """Item → the price that the answer gives."""
    asked = {"filter": {"categories": [category]}, "limit": MAX_LIMIT, "dry_run": True}
    answer = msgspec.json.decode(_ask(connection, "POST", "/v1/recommendations", asked), type=RankedList)
    return {item.item_id: item.price_minor for item in answer.items}


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: object) -> bytes:
    sent = None if body is None else json.dumps(body)
    try:
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
    except OSError as error:
        where = f"{connection.host}:{connection.port}"
        raise StoreUnavailable(f"{where}: {error}; is the world up? `headrace status` says") from error
    if answer.status >= 300:
        raise StoreUnavailable(f"{method} {path}: {answer.status} {said[:500].decode(errors='replace')}")
    return said


def _row(what: str, share: float, ours: list[list[float]]) -> Row:
    values = [percentile(sorted(took_ms), share) for took_ms in ours]
    name = "max" if share == 1.0 else f"p{int(share * 100)}"
    goal = "<= 2000" if share == 1.0 else None
    return Row(f"{what}, {name}", statistics.median(values), "ms", (min(values), max(values)), goal=goal)


if __name__ == "__main__":
    run(lambda: typer.run(main))
