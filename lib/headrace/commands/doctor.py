"""`headrace doctor`: what `up` would find on this machine, as a list with remedies. It changes nothing."""

from __future__ import annotations

import dataclasses
import json

import typer
from rich.console import Console

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.local.machine import examine
from headrace.local.stack import health, parts_of
from headrace.program import conf_dir

COLOURS = {"good": "green", "warning": "yellow", "bad": "red"}


def command(world: World = None, profile: Profile = None, conf: Conf = None, as_json: Json = False) -> None:
    """Look at Java, Python, memory, disk, ports and versions, and say what to do. Exit code 1: something is bad."""
    settings = settings_of(world, profile, conf)
    parts = parts_of(settings, conf or conf_dir())
    findings = examine(settings.paths.var, [part for part in parts if health(part, settings).pid is None])
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        console = Console(highlight=False)
        for finding in findings:
            mark = f"[{COLOURS[finding.verdict]}]{finding.verdict:8}[/]"
            remedy = f"  → {finding.remedy}" if finding.remedy else ""
            console.print(f"{mark} {finding.subject}: {finding.found}{remedy}", soft_wrap=True)
    if any(finding.verdict == "bad" for finding in findings):
        raise typer.Exit(1)
