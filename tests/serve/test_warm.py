"""After the warm-up no request waits for the compiler."""

import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from numba.core.dispatcher import Dispatcher

import headrace.domain
from headrace.domain.facts import facts_of, pack
from headrace.domain.panes import pane_of
from headrace.domain.taste import Taste
from headrace.serve.running import policy_of
from headrace.serve.warm import warm
from headrace.settings import Settings
from headrace.stores.ports import PaneCell
from tests.serve.api import NOW, VERSION, Api, candidates, viewed


def compiled() -> dict[str, int]:
    """Every loop of the law, and for how many combinations of types this process has it."""
    names = [each.name for each in pkgutil.iter_modules(headrace.domain.__path__, "headrace.domain.")]
    found = [loop for name in names for loop in vars(importlib.import_module(name)).values()]
    return {
        f"{loop.py_func.__module__}.{loop.__name__}": len(loop.signatures)
        for loop in found
        if isinstance(loop, Dispatcher)
    }


def first_request(shelf: Path) -> None:
    """A process's whole life up to its first answers; what it has compiled before and after them goes to stdout."""
    warm(policy_of(Settings()))
    before = compiled()
    api = Api(shelf)
    api.refresh()
    assert api.recommend(session_id="nobody", limit=2)["items"] == []
    api.publish()
    seen = viewed("mug")
    numbers, strengths = np.array([1], dtype=np.uint32), np.array([0.5], dtype=np.float32)
    taste = Taste(("light",), strengths, numbers, strengths, NOW, NOW)
    api.happened(seen)
    api.run(api.stores.candidates.put(VERSION, [("u:ann", candidates("bowl", "lamp", taste=taste))]))
    cell = PaneCell("u:ann", pane_of(seen.occurred_at), "kitchen", "product", pack(facts_of(seen, "GBP")))
    api.run(api.stores.user_panes.put([cell], 1))
    assert api.recommend(user_id="ann", limit=3, explain=True)["degraded"] == []
    assert api.recommend(session_id="nobody", limit=2, filter={"categories": ["kitchen"]})["degraded"] == []
    assert api.post("/v1/rerank", {"user_id": "ann", "items": ["mug", "lamp"]}).status_code == 200
    assert api.get("/v1/people/u:ann/features").status_code == 200
    assert len(api.logged_decisions()) == 4
    api.close()
    sys.stdout.write(json.dumps([before, compiled()]))


def test_the_first_requests_compile_nothing(tmp_path: Path) -> None:
    program = (
        f"from pathlib import Path; from tests.serve import test_warm as t; t.first_request(Path({str(tmp_path)!r}))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    before, after = json.loads(ran.stdout)
    assert before["headrace.domain.pool._merged"] == before["headrace.domain.trend_record._rows_of"] == 1
    assert {loop: times for loop, times in after.items() if times != before[loop]} == {}
