"""The `headrace` program: a table of commands and what errors become. No command's work.

How to add a command NAME:

1. `lib/headrace/commands/NAME.py` with a plain function named `command` in typer's form; its docstring is the help.
   Flags that others have too come from headrace.commands.options (World, Profile, Conf, Json, settings_of).
   The module may import what it likes: it is imported only when its command runs.
2. One line in COMMANDS below: the name, and the help of `headrace --help`.

A command returns None for exit code 0, raises `typer.Exit(1)` when it found a problem, and raises a HeadraceError
for everything else: one line on stderr and the error's own exit code (2: nothing was started).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Mapping, Sequence

import typer

from headrace.errors import HeadraceError

INTERRUPTED = 130  # 128 + SIGINT, as shells have it

COMMANDS: Mapping[str, str] = {
    "up": "Start the servers, jobs and API of a world, and leave them running.",
    "down": "Stop what `up` started, in order.",
    "status": "Each part: state, pid, address, age, memory, lag; and the paths of the world.",
    "doctor": "Look at Java, Python, memory, disk, ports and versions, and say what to do.",
    "logs": "Show or follow the log of a part.",
    "demo": "Everything once: servers, simulated people, a model, and one list before and after.",
    "account": "Does every raw record add up? rejected, no consent, late, duplicate, counted.",
    "parity": "The stream against a recount from the ledger, fact by fact.",
    "backfill": "Rebuild closed hours from the ledger, where they differ.",
    "rejected": "What was refused, by reason, with its bytes; and sending it again after a fix.",
    "replay": "Send a dataset folder through a world, in event time.",
    "simulate": "Let simulated people act in a world.",
    "train": "Train on the ledger, judge, publish.",
    "models": "Every model version: which is served, how it was judged; --rollback takes one step back.",
    "partitions": "Give a stopped world's topics as many partitions as the settings say.",
    "bench": "Measure: fresh, stream, serve, answer, catalogue, trends, tables, faults.",
}


def main() -> None:
    """The entry point: run one command and exit with its code."""
    try:
        application(sys.argv[1:])(standalone_mode=True)
    except HeadraceError as error:
        print(f"headrace: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("headrace: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


def application(arguments: Sequence[str]) -> typer.Typer:
    """The program with the one command that is asked for imported, and the others known by name and help only."""
    app = typer.Typer(
        help="Headrace: streaming recommendations on Kafka, Spark, Delta Lake and Cassandra.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_root)
    wanted = next((word for word in arguments if not word.startswith("-")), "")
    for name, summary in COMMANDS.items():
        # Of `bench` everything after the benchmark's name is the benchmark's, --help too.
        takes = {"allow_interspersed_args": name != "bench"}
        function = _function(name) if name == wanted else _not_asked_for
        app.command(name, short_help=summary, context_settings=takes)(function)
    return app


def _function(name: str) -> Callable[..., None]:
    function: Callable[..., None] = importlib.import_module(f"headrace.commands.{name}").command
    return function


def _not_asked_for() -> None:
    """Stands in the help for a command whose module need not be imported."""


def _root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        print(importlib.metadata.version("headrace"))
        raise typer.Exit
