"""`headrace rejected redrive`: the chosen records to events.raw again, and what was done. Its flags: rejected.py."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from headrace.local.bar import bar
from headrace.settings import Settings
from headrace.stores.kafka import Outgoing, close_producer, open_producer, send_all
from headrace.stores.ports import Appended
from headrace.watch.redrive import Outcome, Send, chosen, redrive, rehearse
from headrace.watch.redriven import ensure_table, note, redriven
from headrace.watch.rejected import Choice, open_rejected

SAID: Final = {
    "event": "events; one that counted before is a duplicate",
    "late": "late events: in the ledger and in training, outside the windows",
}
"""What a verdict of watch/redrive.py is called here; the others are reasons of a rejection."""


def redrive_chosen(settings: Settings, choice: Choice, dry_run: bool, again: bool, as_json: bool) -> None:
    """Send and note down, or only rehearse; then say it. Raises BadInput, and StoreUnavailable from the broker."""
    rejected = open_rejected(settings)
    rows, already = chosen(rejected, choice, {} if again else redriven(settings))
    now_ms = time.time_ns() // 1_000_000
    with bar("judging" if dry_run else "sending again", rows.num_rows) as moved:
        if dry_run or not rows.num_rows:
            outcome = rehearse(rejected, rows, settings.world, now_ms, moved)
        else:
            ensure_table(settings)
            with _sender(settings) as send:
                outcome = redrive(
                    rejected, rows, settings.world, settings.topic("events.raw"), now_ms, send,
                    lambda sent: note(settings, sent), moved,
                )  # fmt: skip
    _report(settings, outcome, already, dry_run, as_json)


@contextmanager
def _sender(settings: Settings) -> Iterator[Send]:
    kafka = settings.kafka
    producer = open_producer(kafka)

    def send(records: Sequence[Outgoing]) -> Sequence[Appended]:
        return send_all(producer, records, kafka.request_timeout_ms)

    try:
        yield send
    finally:
        close_producer(producer, kafka.request_timeout_ms / 1000)


def _report(settings: Settings, outcome: Outcome, already: int, dry_run: bool, as_json: bool) -> None:
    raw = settings.topic("events.raw")
    if as_json:
        tree = {
            "world": settings.world.name,
            "dry_run": dry_run,
            "sent": 0 if dry_run else outcome.sent,
            "would_be_sent": outcome.sent,
            "already_sent": already,
            "kept_back": outcome.kept_back,
            "verdicts": outcome.verdicts,
        }
        print(json.dumps(tree, indent=2))
        return
    did = "would be sent again" if dry_run else "were sent again and acknowledged"
    print(f"{outcome.sent:,} records {did}: {raw}")
    for verdict, count in outcome.verdicts.items():
        print(f"{count:>9,} {SAID.get(verdict, f'still rejected: {verdict}')}")
    for why, count in outcome.kept_back.items():
        print(f"{count:>9,} not sent: {why}")
    if already:
        print(f"{already:>9,} left alone: sent again before (--again sends them once more)")
    if outcome.sent:
        print("So says the law of this checkout; ingest decides, by the law and the settings that it was started with.")
