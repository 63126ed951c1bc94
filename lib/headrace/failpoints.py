"""Named points at which a program can be made to fail, for the fault bench. It decides nothing and cleans up nothing.

Armed by a call, or by `HEADRACE_FAILPOINT=<name>:<nth>:<raise|kill|sleep>[:<seconds>]`, which a program's outermost
line reads. One point at a time, and it fails once: at its nth hit in this process. Unarmed, a hit is a comparison.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from headrace.errors import BadSettings

VARIABLE: Final = "HEADRACE_FAILPOINT"

Action = Literal["raise", "kill", "sleep"]

POINTS: Final[Mapping[str, str]] = {
    "hot.before_write": "a batch is counted, nothing of it is written and it has no write timestamp yet",
    "sink.before_put": "on an executor, before an Arrow batch of rows goes to the store",
    "panes.after_users": "on an executor, a person's panes are written, an item's and the counts perhaps not",
    "panes.after_items": "on an executor, an item's panes are written, a person's and the counts perhaps not",
    "sink.after_put": "on an executor, an Arrow batch is in the store and Spark has not heard of it",
    "hot.after_write": "all of a batch is in the store and its commit is not in the checkpoint",
    "sweep.before": "counting has stopped, the sweep has not begun",
    "sweep.after": "the sweep has ended, counting has not begun again",
    "session_rows.before_write": "finished sessions were read from Delta, none is in the store",
    "session_rows.after_write": "finished sessions are in the store and their commit is not in the checkpoint",
    "lease.renew": "a lease is about to be renewed",
    "live.before_write": "records were polled, nothing of them is written",
    "live.after_tails": "events are in their tails, decisions are not written",
    "live.after_write": "events and decisions are written, their offsets are not committed",
    "trends.before_write": "lists are ranked of what was read, the store has those of before",
    "trends.after_write": "lists are in the store, nobody was told and what they were counted from is not saved",
    "publish.candidates": "a model's candidates are in the store and verified, it is not on the shelf",
    "publish.shelved": "a model is on the shelf and verified, the pointer names the one before",
    "publish.flipped": "the pointer names the new model, nothing was tidied",
}
"""Every point, and what is true when it is reached."""


class FaultInjected(RuntimeError):
    """What a point raises. No HeadraceError: nothing may know it, and so nothing may treat it."""


@dataclass(frozen=True, slots=True)
class Failpoint:
    """`token` tells two armings of the same point apart: the second counts its hits anew."""

    name: str
    nth: int = 1
    action: Action = "raise"
    seconds: float = 0.0
    token: int = 0


@dataclass(slots=True)
class _Process:
    armed: Failpoint | None = None
    hits: int = field(default=0)


_this: Final = _Process()


def reach(name: str) -> None:
    """Say that this point is reached. Raises FaultInjected, ends the process or waits if it is the armed one's turn."""
    if _this.armed is not None and _this.armed.name == name:
        _hit(_this.armed)


def arm(failpoint: Failpoint | None) -> None:
    """Make this one fail, or none. Arming what is armed already changes nothing: its hits go on counting."""
    if failpoint != _this.armed:
        _this.armed, _this.hits = failpoint, 0


def armed() -> Failpoint | None:
    """What is armed here: for work that is sent to another process, which arms it there."""
    return _this.armed


def arm_from(environ: Mapping[str, str]) -> None:
    """Arm what the environment asks for, if anything. Raises BadSettings, naming the variable."""
    if VARIABLE in environ:
        arm(read_failpoint(environ[VARIABLE]))


def read_failpoint(text: str) -> Failpoint:
    """A failpoint from its text. Raises BadSettings.

    >>> read_failpoint("hot.after_write:2:kill")
    Failpoint(name='hot.after_write', nth=2, action='kill', seconds=0.0, token=0)
    """
    given = text.split(":")
    name, nth, action, seconds = (*given, *("", "1", "raise", "0")[len(given) :])[:4]
    if name not in POINTS:
        raise BadSettings(f"{VARIABLE}: {name!r} is none of {', '.join(POINTS)}")
    if len(given) > 4 or not nth.isdecimal() or int(nth) < 1 or not seconds.replace(".", "", 1).isdecimal():
        raise BadSettings(f"{VARIABLE} = {text!r}: write NAME:NTH:ACTION[:SECONDS], the first hit is 1")
    for known in get_args(Action):
        if action == known:
            return Failpoint(name, int(nth), known, float(seconds))
    raise BadSettings(f"{VARIABLE}: {action!r} is none of {', '.join(get_args(Action))}")


def _hit(failpoint: Failpoint) -> None:
    _this.hits += 1
    if _this.hits != failpoint.nth:
        return
    if failpoint.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if failpoint.action == "sleep":
        time.sleep(failpoint.seconds)
        return
    raise FaultInjected(f"{failpoint.name}: hit {failpoint.nth}")
