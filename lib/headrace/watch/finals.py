"""How far the finals are, and since when nothing came that could close more: their progress and the ledger's log.

A topic on which nothing comes closes no window, rightly: time is that of events. So a silent topic is no error, and is
told apart from finals that are behind and from a program that does not run. No JVM, no clock; nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from headrace.settings import Settings
from headrace.stream.progress import read_progress

PARTS: Final = ("ledger", "features")
LEDGER: Final = "ledger"
CLOSING: Final = ("windows", "sessions")
"""Queries of PARTS by the names under which they report; those that close as the watermark passes."""


@dataclass(frozen=True, slots=True)
class Finals:
    """closed_until_ms  event time: windows that ended by then, and sessions whose idle time did, are final; 0: none
                     yet; None: not known, features has not said so on this machine
    silent_since_ms  wall clock, in a replay too: when the newest event of the ledger came; None: the ledger has none
    waiting          whether ledger and finals have taken all that there is, so that what is open stays open until the
                     next event; None: not known, ledger or features does not run or has not said
    """

    closed_until_ms: int | None
    silent_since_ms: int | None
    waiting: bool | None


def finals(settings: Settings, runs: bool) -> Finals:
    """As the world's finals are now; `runs`: whether PARTS do, without which their last word on work is old."""
    said = {query: entry for part in PARTS for query, entry in read_progress(settings, part).items()}
    closed = [ms for name in CLOSING if isinstance(ms := said.get(name, {}).get("watermark_ms"), int)]
    idle = [said.get(name, {}).get("idle") for name in (LEDGER, *CLOSING)]
    return Finals(
        closed_until_ms=min(closed) if len(closed) == len(CLOSING) else None,
        silent_since_ms=_newest_ms(settings.table("events")),
        waiting=None if not runs or None in idle else all(idle),
    )


def _newest_ms(ledger: str) -> int | None:
    """The newest append to events.clean that the ledger has, out of the statistics in its log; no file is opened.

    Not when a file was written: after an outage of the ledger a topic would look alive that has long been silent.
    """
    try:
        files = pa.table(DeltaTable(ledger).get_add_actions(flatten=True))
    except TableNotFoundError:
        return None
    newest: int | None = pc.max(files["max.clean_ms"]).as_py()
    return newest
