from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from headrace.errors import BadSettings
from headrace.failpoints import VARIABLE, Failpoint, FaultInjected, arm, arm_from, armed, reach, read_failpoint
from headrace.program import ROOT


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm(None)


def test_an_unarmed_point_does_nothing() -> None:
    reach("hot.before_write")
    assert armed() is None


def test_the_armed_point_fails_at_its_nth_hit_and_never_again() -> None:
    arm(Failpoint("hot.after_write", nth=2))
    reach("hot.after_write")
    reach("hot.before_write")
    with pytest.raises(FaultInjected, match=r"hot\.after_write: hit 2"):
        reach("hot.after_write")
    reach("hot.after_write")


def test_arming_the_same_again_counts_on_and_another_token_counts_anew() -> None:
    arm(Failpoint("sink.before_put", nth=2, token=1))
    reach("sink.before_put")
    arm(Failpoint("sink.before_put", nth=2, token=2))
    reach("sink.before_put")
    arm(Failpoint("sink.before_put", nth=2, token=2))
    with pytest.raises(FaultInjected):
        reach("sink.before_put")


def test_a_sleeping_point_goes_on_afterwards() -> None:
    arm(Failpoint("lease.renew", action="sleep", seconds=0.05))
    began = time.monotonic()
    reach("lease.renew")
    assert time.monotonic() - began >= 0.05


def test_a_killing_point_ends_its_process_by_sigkill() -> None:
    code = "from headrace.failpoints import *; arm(Failpoint('sweep.after', action='kill')); reach('sweep.after')"
    done = subprocess.run((sys.executable, "-c", code), check=False, env={"PYTHONPATH": str(ROOT / "lib")})
    assert done.returncode == -signal.SIGKILL


def test_the_environment_arms_and_says_nothing_without_the_variable() -> None:
    arm_from({})
    assert armed() is None
    arm_from({VARIABLE: "live.after_tails:3:sleep:1.5"})
    assert armed() == Failpoint("live.after_tails", 3, "sleep", 1.5)


@pytest.mark.parametrize("text", ["nowhere", "sweep.after:0", "sweep.after:1:explode", "sweep.after:1:raise:0:0"])
def test_what_no_program_has_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadSettings, match=VARIABLE):
        read_failpoint(text)
