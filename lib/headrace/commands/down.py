"""`headrace down`: which parts, and what is said. The work is headrace.local.stack's."""

from __future__ import annotations

from rich.console import Console

from headrace.commands.options import Conf, Profile, World, settings_of
from headrace.local.stack import down, worlds_of
from headrace.program import conf_dir


def command(world: World = None, profile: Profile = None, conf: Conf = None) -> None:
    """Stop every world's jobs and the servers, or with --world only that world's jobs. Data stay."""
    settings = settings_of(world, profile, conf)
    worlds = (world,) if world else worlds_of(settings.paths.var)
    console = Console(stderr=True)
    stopped = down(settings, conf or conf_dir(), worlds, servers=not world, say=lambda text: console.print(text))
    print("stopped" if stopped else "nothing was running")
