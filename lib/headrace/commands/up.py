"""`headrace up`: the flags, what is said meanwhile, and where everything is. The work is headrace.local.stack's."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.console import Console

from headrace.commands.options import Conf, Profile, World, settings_of
from headrace.errors import BadInput
from headrace.local.rebuild import job_of
from headrace.local.stack import furnish, parts_of, up
from headrace.program import conf_dir
from headrace.settings import Settings


def command(
    world: World = None,
    profile: Profile = None,
    conf: Conf = None,
    servers_only: Annotated[bool, typer.Option("--servers-only", help="Kafka and Cassandra, no jobs.")] = False,
    without: Annotated[list[str] | None, typer.Option("--without", help="Leave out a part; may be repeated.")] = None,
    forgotten: Annotated[
        list[str] | None,
        typer.Option("--forget", metavar="WRITER", help="Let this writer start without its checkpoint; repeatable."),
    ] = None,
) -> None:
    """Start the servers, topics, tables, jobs and API of a world, wait until all work, and leave them running.

    What runs already is left alone and what was killed is started again, so `up` may be repeated at any time. Under
    the cluster profile: topics and tables only, on the servers of the settings.
    """
    cluster = settings_of(world, profile, conf)
    names = [part.name for part in parts_of(cluster, conf or conf_dir())]
    for name in without or ():
        if name not in names:
            raise BadInput(f"--without {name}: no such part; there are {', '.join(names)}")
    for writer in forgotten or ():
        job_of(writer)
    if forgotten and servers_only:
        raise BadInput("--forget is about a world's tables; leave out --servers-only")
    console, began = Console(stderr=True), time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {text}", highlight=False)

    if cluster.profile == "cluster":
        if without or servers_only:
            raise BadInput("profile = 'cluster': `up` starts no part there; leave out --servers-only and --without")
        furnish(cluster, conf or conf_dir(), forgotten or (), say)
        print(f"topics and tables of world {cluster.world.name} are there; nothing was started: submit the jobs with")
        print("./spark-submit.sh and run jobs/live.py, trends.py and serve.py (docs/running.md: On a cluster)")
        return
    settings, started = up(
        conf or conf_dir(), profile, world, without or (), servers_only, say, forgotten=forgotten or ()
    )
    print(where(settings, servers_only))
    if not started:
        print("everything was up already")


def where(settings: Settings, servers_only: bool) -> str:
    """Where everything is, a line each, for people."""
    api = f"http://{settings.serve.host}:{settings.serve.port}"
    nodes = f"{','.join(settings.cassandra.hosts)}:{settings.cassandra.port}"
    rows = [("Kafka", settings.kafka.bootstrap), ("Cassandra", f"{nodes}, user {settings.cassandra.user}")]
    if not servers_only:
        rows += [("API", f"{api}  (docs: {api}/docs)"), ("tables", settings.table("")), ("keyspace", settings.keyspace)]
    rows += [("logs", str(settings.paths.var / "logs")), ("password", str(settings.paths.var / "stack.toml"))]
    world = "" if settings.world.name == "main" else f" --world {settings.world.name}"
    rows += [("next", f"headrace status{world} · headrace logs PART{world} · headrace down{world}")]
    return "\n".join(f"{name:10} {value}" for name, value in rows)
