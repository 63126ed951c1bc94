"""`headrace rejected`: what was refused and why, one record's bytes, and sending them again after a fix."""

from __future__ import annotations

import datetime as dt
import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.dataset as ds
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.commands.printable import cut, printable_bytes, printable_text
from headrace.commands.redrive import redrive_chosen
from headrace.domain.contract import REASONS
from headrace.errors import BadInput
from headrace.settings import Settings
from headrace.watch.redrive import NOT_KEPT
from headrace.watch.redriven import redriven
from headrace.watch.rejected import Choice, Rejected, known, open_rejected, per_hour, per_reason, with_bytes

SHOWN = 200
"""Bytes of a record that --json repeats; a terminal shows a line of them."""

DETAIL_LINES = 4  # the value at fault stands at the end, and of it at most 100 characters


def command(
    action: Annotated[
        Literal["redrive"] | None, typer.Argument(help="redrive: send the chosen records to events.raw again.")
    ] = None,
    world: World = None,
    reason: Annotated[str | None, typer.Option(help="Only these; one of the reason codes.")] = None,
    src: Annotated[list[str] | None, typer.Option(help="Only this record, as listed; may be repeated.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Received since, such as 2026-01-31T08:00 (UTC).")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Received before.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many of the newest to show.")] = 10,
    by_hour: Annotated[bool, typer.Option("--by-hour", help="Count per hour too.")] = False,
    raw: Annotated[str | None, typer.Option(help="Write the exact bytes of this src to stdout, nothing else.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="redrive: say what would happen; send nothing.")] = False,
    again: Annotated[bool, typer.Option("--again", help="redrive: also what was sent again before.")] = False,
    profile: Profile = None,
    conf: Conf = None,
    as_json: Json = False,
) -> None:
    """Counts per reason and the newest records that were no events; with redrive, send them again after a fix.

    redrive needs --reason or --src. Each record is judged anew: what counted before is a duplicate, what is still bad
    is rejected again, what is older than the allowed lateness is late: in the ledger, outside the windows.
    """
    settings = settings_of(world, profile, conf)
    choice = _choice(reason, src or [], from_, to)
    if raw is not None:
        sys.stdout.buffer.write(bytes_of(open_rejected(settings), raw))
    elif action == "redrive":
        if reason is None and not src:
            raise BadInput("redrive: say which, with --reason or --src; all of them are never meant")
        redrive_chosen(settings, choice, dry_run, again, as_json)
    elif dry_run or again:
        raise BadInput("--dry-run, --again: only with redrive: headrace rejected redrive --reason …")
    else:
        _list(settings, choice, limit, by_hour, as_json)


def bytes_of(rejected: ds.Dataset, src: str) -> bytes:
    """The exact bytes of one record. Raises BadInput where there is none, or its bytes were not kept."""
    rows = known(rejected, Choice(srcs=(src,)))
    if rows.num_rows == 0:
        raise BadInput(f"--raw {src}: no such rejected record")
    (record,) = with_bytes(rejected, rows)
    if record.reason == "no_consent":
        raise BadInput(f"--raw {src}: {NOT_KEPT}")
    return record.raw


def moment_ms(flag: str, text: str) -> int:
    """ISO 8601 as ms since 1970; UTC unless it says otherwise. Raises BadInput.

    >>> moment_ms("--from", "2025-12-01T13:00+01:00") == moment_ms("--from", "2025-12-01 12:00")
    True
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{flag} {text}: a day or a moment, such as 2026-01-31 or 2026-01-31T08:00") from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return round(aware.timestamp() * 1000)


def lines_of(record: Rejected, sent_as: str | None, width: int) -> list[str]:
    """One record as it is listed: when, src, reason, size; the fault; the bytes. Nothing wider than `width`."""
    when = dt.datetime.fromtimestamp(record.src_ms / 1000, dt.UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")
    again = f"  sent again as {sent_as}" if sent_as else ""
    head = f"{when}  {record.src}  {record.reason}  {record.size:,} bytes{again}"
    shown = printable_bytes(record.raw) + ("..." if record.size > len(record.raw) else "")
    detail = textwrap.wrap(printable_text(record.detail), width - 4, max_lines=DETAIL_LINES, placeholder="...")
    below = [*detail, cut(shown, width - 4)] if shown else detail
    return [cut(printable_text(head), width), *(f"    {line}" for line in below)]


def _choice(reason: str | None, srcs: Sequence[str], from_: str | None, to: str | None) -> Choice:
    if reason is not None and reason not in REASONS:
        raise BadInput(f"--reason {reason}: one of {', '.join(REASONS)}")
    from_ms = None if from_ is None else moment_ms("--from", from_)
    to_ms = None if to is None else moment_ms("--to", to)
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise BadInput(f"--from {from_} --to {to}: nothing lies between them")
    return Choice(reason, tuple(srcs), from_ms, to_ms)


def _list(settings: Settings, choice: Choice, limit: int, by_hour: bool, as_json: bool) -> None:
    rejected, done = open_rejected(settings), redriven(settings)
    rows = known(rejected, choice)
    places = range(rows.num_rows - 1, max(-1, rows.num_rows - 1 - limit), -1)
    newest = with_bytes(rejected, rows.take(pa.array(places, pa.int64())), SHOWN)
    sent = rows.filter(pa.array([src in done for src in rows["src"].to_pylist()], pa.bool_()))
    hours = per_hour(rows) if by_hour else {}
    if as_json:
        tree = as_tree(per_reason(rows), per_reason(sent), hours, newest, done)
        print(json.dumps({"world": settings.world.name, "records": rows.num_rows, **tree}, indent=2))
        return
    console = Console(highlight=False)
    if not rows.num_rows:
        like_this = "" if choice == Choice() else " like this"
        console.print(f"world {settings.world.name}: nothing was rejected{like_this}")
        return
    _print_counts(console, per_reason(rows), per_reason(sent), hours)
    for record in newest:
        print("\n".join(lines_of(record, done.get(record.src), console.width)))


def as_tree(
    reasons: Mapping[str, int],
    sent: Mapping[str, int],
    hours: Mapping[tuple[int, str], int],
    newest: Sequence[Rejected],
    done: Mapping[str, str],
) -> dict[str, object]:
    """What `--json` prints beside the world and the number of records."""
    return {
        "reasons": [
            {"reason": reason, "records": count, "sent_again": sent.get(reason, 0)} for reason, count in reasons.items()
        ],
        "hours": [
            {"hour_ms": hour_ms, "reason": reason, "records": count} for (hour_ms, reason), count in hours.items()
        ],
        "newest": [
            {
                "src": each.src,
                "src_ms": each.src_ms,
                "reason": each.reason,
                "detail": each.detail,
                "bytes": each.size,
                "preview": printable_bytes(each.raw),
                "sent_again_as": done.get(each.src),
            }
            for each in newest
        ],
    }


def _print_counts(
    console: Console, reasons: Mapping[str, int], sent: Mapping[str, int], hours: Mapping[tuple[int, str], int]
) -> None:
    rows = [(reason, f"{count:,}", f"{sent.get(reason, 0):,}") for reason, count in reasons.items()]
    _print_table(console, ("reason", "records", "sent again"), rows)
    if hours:
        rows = [(_hour(hour_ms), reason, f"{count:,}") for (hour_ms, reason), count in hours.items()]
        _print_table(console, ("hour (UTC)", "reason", "records"), rows)


def _print_table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, header_style="dim")
    for column in columns:
        table.add_column(column, justify="right" if column in ("records", "sent again") else "left")
    for row in rows:
        table.add_row(*(Text(printable_text(cell)) for cell in row))
    console.print(table)
    console.print()


def _hour(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%d %H:00")
