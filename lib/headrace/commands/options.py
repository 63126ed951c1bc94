"""The flags that every command shares, and the settings that they ask for. No command of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headrace.program import conf_dir
from headrace.settings import Settings, load_settings

World = Annotated[str | None, typer.Option("--world", help="Topics, keyspace, lake and clock of this name.")]
Profile = Annotated[str | None, typer.Option("--profile", help="local or cluster: the settings over base.toml.")]
Conf = Annotated[Path | None, typer.Option("--conf", help="Folder of base.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of a table.")]


def settings_of(world: str | None = None, profile: str | None = None, conf: Path | None = None) -> Settings:
    """The settings that these flags ask for. Raises BadSettings."""
    return load_settings(conf or conf_dir(), profile, world)
