"""`headrace backfill`: jobs/backfill.py through spark-submit.sh. It rebuilds nothing itself."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.commands.parity import run_job

From = Annotated[str, typer.Option("--from", metavar="MOMENT", help="The first hour: 2026-03-05T10:00Z.")]
To = Annotated[str, typer.Option("--to", metavar="MOMENT", help="The first hour that is left out.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what differs, change nothing.")]


def command(
    from_: From,
    to: To,
    world: World = None,
    profile: Profile = None,
    conf: Conf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Rebuild closed hours from the ledger and put them in the place of what differs, in Delta and Cassandra.

    By the stream's own transforms, so what is right stays as it is, and a second run changes nothing. Hours that the
    stream still writes are refused.
    """
    settings = settings_of(world, profile, conf)
    run_job(settings, conf, "backfill", as_json, "--from", from_, "--to", to, *(["--dry-run"] if dry_run else []))
