"""What every program in jobs/ shares: its flags, its settings, and errors that become one line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from headrace.errors import HeadraceError
from headrace.failpoints import arm_from
from headrace.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
"""The project's root in a checkout; HEADRACE_CONF or --conf name the settings elsewhere."""


def conf_dir() -> Path:
    return Path(os.environ.get("HEADRACE_CONF", ROOT / "conf"))


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with the flags of every job: --world, --profile, --conf."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--world", help="topic prefix, keyspace, lake and clock (default: the settings' world)")
    parser.add_argument("--profile", choices=("local", "cluster"), help="which settings file lies over base.toml")
    parser.add_argument("--conf", type=Path, default=conf_dir(), help="folder of base.toml (default: %(default)s)")
    return parser


def open_settings(flags: argparse.Namespace) -> Settings:
    """The settings that these flags ask for. Raises BadSettings."""
    return load_settings(flags.conf, flags.profile, flags.world)


def run(main: Callable[[], None]) -> None:
    """A program's outermost line: HeadraceError becomes one line on stderr and its exit code."""
    try:
        arm_from(os.environ)
        main()
    except HeadraceError as error:
        _end_with(error)
    except ExceptionGroup as group:  # what ends one task of several, and with it the others
        only = _only(group)
        if only is None:
            raise
        _end_with(only)
    except KeyboardInterrupt:
        sys.exit(130)


def _end_with(error: HeadraceError) -> NoReturn:
    print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
    sys.exit(error.exit_code)


def _only(group: ExceptionGroup[Exception]) -> HeadraceError | None:
    """The one error that a group, of groups perhaps, is about."""
    inside: Exception = group
    while isinstance(inside, ExceptionGroup) and len(inside.exceptions) == 1:
        inside = inside.exceptions[0]
    return inside if isinstance(inside, HeadraceError) else None
