"""OTTO sessions: clicks, carts and orders with millisecond times; as JSON lines, or flattened to CSV.

A session line becomes its events, with ids `<session>:<place in the session>`; a CSV row has `<file stem>:<line>`.
Where a folder has both, the JSON lines are read: the CSV says the same again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from headrace.errors import BadDataset
from headrace.local.datasets.csvfile import csv_files, csv_header, csv_rows, stem
from headrace.local.datasets.rows import Format, Row
from headrace.local.wire import WireEvent, WireItem

COLUMNS: Final = ("ts_ms", "session_id", "item_id", "event_type")
SESSION_FIELDS: Final = ("session", "events")
KIND_OF: Final = {"clicks": "click", "carts": "cart", "orders": "purchase"}


class _Action(msgspec.Struct):
    aid: int
    ts: int
    type: str


class _Session(msgspec.Struct):
    session: int
    events: list[_Action]


def session_files(folder: Path) -> tuple[Path, ...]:
    """The folder's JSON lines, in name order; where there are none, its events*.csv files."""
    return tuple(sorted(folder.glob("*.jsonl"))) or csv_files(folder, "events")


def header(path: Path) -> tuple[str, ...]:
    """The field names of the first session, or the columns of a CSV file."""
    if path.suffix != ".jsonl":
        return csv_header(path)
    with path.open("rb") as lines:
        first = lines.readline()
    try:
        fields = msgspec.json.decode(first)
    except msgspec.DecodeError:
        return ()
    return tuple(fields) if isinstance(fields, dict) else ()


def events(folder: Path) -> Iterator[Row]:
    """Every action of every session, session by session."""
    for path in session_files(folder):
        yield from _from_sessions(path) if path.suffix == ".jsonl" else _from_csv(path)


def items(_folder: Path) -> Iterator[WireItem]:
    """None: OTTO's articles have no titles."""
    return iter(())


def _from_sessions(path: Path) -> Iterator[WireEvent]:
    decode = msgspec.json.Decoder(_Session).decode
    with path.open("rb") as lines:
        for number, text in enumerate(lines, start=1):
            try:
                session = decode(text)
                for place, action in enumerate(session.events):
                    yield _event(f"{session.session}:{place}", session.session, action.aid, action.ts, action.type)
            except (msgspec.DecodeError, KeyError) as error:
                raise BadDataset(f"{path}, line {number}: not a session of otto: {error}") from error


def _from_csv(path: Path) -> Iterator[WireEvent]:
    prefix = stem(path)
    for line, (moment, session, item, action) in csv_rows(path, COLUMNS):
        try:
            yield _event(f"{prefix}:{line}", session, item, int(moment), action)
        except (ValueError, KeyError) as error:
            raise BadDataset(f"{path}, line {line}: not a row of otto: {error}") from error


def _event(event_id: str, session: int | str, item: int | str, moment: int, action: str) -> WireEvent:
    return WireEvent(
        event_id=event_id,
        kind=KIND_OF[action],
        occurred_at=moment,
        received_at=moment,
        session_id=str(session),
        item_id=str(item),
    )


OTTO: Final = Format("otto", (SESSION_FIELDS, COLUMNS), session_files, header, events, items)
