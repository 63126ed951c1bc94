"""`headrace partitions`: more partitions for a world that stands still. The procedure is docs/running.md's."""

from __future__ import annotations

from headrace.commands.options import Conf, Profile, World, settings_of
from headrace.errors import BadInput
from headrace.local.process import recorded
from headrace.local.world_parts import world_parts
from headrace.program import conf_dir
from headrace.stores.kafka.topics import add_partitions


def command(world: World = None, profile: Profile = None, conf: Conf = None) -> None:
    """Give the topics of a world as many partitions as world.partitions says; compacted ones keep theirs.

    First nobody may send, everything must have arrived (`headrace account`) and the jobs be stopped: a person's next
    event may go to another partition than their last one, and would overtake it. Partitions are never taken away.
    """
    settings = settings_of(world, profile, conf)
    for part in world_parts(settings, conf or conf_dir()) if settings.profile == "local" else ():
        record = recorded(part.pid_file)
        if record is not None and record.alive():
            raise BadInput(f"{part.name} of world {part.world} runs: `headrace down --world {part.world}` first")
    grown = add_partitions(settings)
    for topic in grown:
        print(f"{topic}: now {settings.world.partitions} partitions")
    if not grown:
        print(f"every topic of world {settings.world.name} has world.partitions = {settings.world.partitions} already")
