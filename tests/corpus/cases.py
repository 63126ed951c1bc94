"""events.json as Python: each case is bytes and what the contract makes of them. It judges nothing.

A case gives its bytes as `text`, as `base64`, or as `members` added to BASE. A long string is a list of pieces,
[piece, times] for a run. It expects a `reason` (with the `detail` up to the value shown), or `clean`: what the event
has besides BASE's, null for what it lacks. The record was appended at RECORD_MS.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from headrace.domain.clean import read_clean
from headrace.domain.events import Event

RECORD_MS = 1_700_000_000_000
ALLOWED_LATENESS_MS = 600_000
BASE = '{"event_id":"e1","kind":"view","user_id":"u1","item_id":"i1","occurred_at":1700000000000'
BASE_CLEAN = {
    "event_id": "e1",
    "kind": "view",
    "person": "u:u1",
    "user_id": "u1",
    "item_id": "i1",
    "occurred_at": 1_700_000_000_000,
    "received_at": RECORD_MS,
    "late": False,
}


@dataclass(frozen=True, slots=True)
class Case:
    """`event` or (`reason`, `detail`); a detail of None may be any."""

    name: str
    raw: bytes
    trusted: bool
    event: Event | None
    reason: str | None
    detail: str | None


def load_cases() -> list[Case]:
    return [_case(given) for given in json.loads(Path(__file__).with_name("events.json").read_text())]


def _case(given: dict[str, object]) -> Case:
    expected = given.get("clean")
    event = None
    if isinstance(expected, dict):
        fields = BASE_CLEAN | {name: _whole(value) for name, value in expected.items()}
        present = {name: value for name, value in fields.items() if value is not None}
        event = read_clean(json.dumps(present).encode())
    reason, detail = given.get("reason"), given.get("detail")
    return Case(
        str(given["name"]),
        _raw(given),
        bool(given.get("trusted")),
        event,
        None if reason is None else str(reason),
        None if detail is None else str(detail),
    )


def _raw(given: dict[str, object]) -> bytes:
    if "base64" in given:
        return base64.b64decode(str(_whole(given["base64"])))
    if "text" in given:
        return str(_whole(given["text"])).encode()
    members = str(_whole(given["members"]))
    return (BASE + ("," if members else "") + members + "}").encode()


def _whole(value: object) -> object:
    if not isinstance(value, list):
        return value
    return "".join(piece if isinstance(piece, str) else piece[0] * piece[1] for piece in value)
