"""`headrace demo`: everything, once, in front of the reader: servers, a simulated past, a model, three events."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from rich.console import Console

from headrace.commands.options import Conf, Profile
from headrace.errors import PartFailed, StoreUnavailable
from headrace.local.api import Api
from headrace.local.bar import bar
from headrace.local.demo import DAY_MS, DEMO_DAYS, cast_of, tell
from headrace.local.demo_page import WIDTH, page
from headrace.local.replay import Time, drain
from headrace.local.sending import at_once, bursts, send_bursts
from headrace.local.simulator import Simulation, load_params
from headrace.local.stack import up
from headrace.local.training import run_training
from headrace.local.wire import WireEvent, item_record, record_of
from headrace.program import conf_dir
from headrace.settings import Settings
from headrace.stores import blocking
from headrace.stores.manifest import read_manifest
from headrace.stores.ports import Pointer, Stores

WORLD = "demo"
SEED = 20
SERVED_S = 60.0
"""How long the API may take to load a model that was just published; it looks every second."""


def command(profile: Profile = None, conf: Conf = None) -> None:
    """Start the stack, let simulated people act for a week, train, and show one person's list before and after.

    It asks nothing and leaves the stack running. The first run fetches servers and trains; later ones go on from there.
    """
    console, began, folder = Console(width=WIDTH, highlight=False), time.monotonic(), conf or conf_dir()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {text}")

    simulation = Simulation.of(load_params(folder / "simulator.toml"), SEED)
    cast_of(simulation, _now_ms())  # a world too small for the story says so before anything starts
    settings, _ = up(folder, profile, WORLD, (), False, say)
    stores = blocking.stores(settings.cassandra, settings.keyspace)
    drain(settings, 0, Time(time.monotonic, time.sleep))  # what an interrupted run sent is not sent again
    seen_ms = blocking.run(stores.clocks.now_ms())
    if seen_ms is None:
        _send_catalogue(settings, simulation)
    events = _past(simulation, seen_ms, _now_ms())
    say(f"{len(events):,} events of {len(simulation.people.persons)} simulated people, up to this moment")
    _send(settings, events)
    drain(settings, len(events), Time(time.monotonic, time.sleep))
    say("all of them are in the ledger and in the windows")
    with closing(Api(settings.serve)) as api:
        with console.status("the model"):
            _wait_until_served(api, _model(settings, folder, stores, say))
        story = tell(api, cast_of(simulation, _now_ms()), _now_ms, time.monotonic, time.sleep)
    console.print(page(story, {item.item_id: item for item in simulation.catalogue()}))
    console.print(_ending(settings))


def _past(simulation: Simulation, seen_ms: int | None, now_ms: int) -> list[WireEvent]:
    """The last week, or what of it the world has not seen yet."""
    return list(simulation.events(max(now_ms - DEMO_DAYS * DAY_MS, (seen_ms or 0) + 1), now_ms))


def _send_catalogue(settings: Settings, simulation: Simulation) -> None:
    items = [item_record(item) for item in simulation.catalogue()]
    with bar("sending the catalogue", len(items)) as advance:
        send_bursts(settings.kafka, settings.topic("catalogue"), [items], advance)


def _send(settings: Settings, events: list[WireEvent]) -> None:
    with bar("sending events", len(events)) as advance:
        due = bursts((record_of(event) for event in events), at_once, time.monotonic, time.sleep)
        send_bursts(settings.kafka, settings.topic("events.raw"), due, advance)


def _model(settings: Settings, conf: Path, stores: Stores, say: Callable[[str], None]) -> Pointer:
    """The served model; the first run trains it. Raises PartFailed when training publishes none.

    A first model is published whatever the gate says, which is told: on 130 simulated people of one week it is as good
    as popularity at most, and at one hour in some it is below beyond chance.
    """
    pointer = blocking.run(stores.pointers.get())
    if pointer is not None:
        say(f"model {pointer.version} is there already")
        return pointer
    say("training the first model")
    log = run_training(settings, conf, "--force")
    pointer = blocking.run(stores.pointers.get())
    if pointer is None:
        raise PartFailed(f"training ended without publishing a model; see {log}")
    say(f"model {pointer.version} is published: {read_manifest(settings.shelf_dir, pointer.version).gate['reason']}")
    return pointer


def _wait_until_served(api: Api, pointer: Pointer) -> None:
    deadline = time.monotonic() + SERVED_S
    while True:
        answer = api.recommend("nobody", 1, explain=False, dry_run=True)
        if answer.versions.model == pointer.version:
            return
        if time.monotonic() > deadline:
            raise StoreUnavailable(
                f"the API serves {answer.versions.model}, not {pointer.version}; headrace logs serve"
            )
        time.sleep(0.2)


def _ending(settings: Settings) -> str:
    api = f"http://{settings.serve.host}:{settings.serve.port}"
    return (
        f"\nThe stack stays up.\n"
        f"API docs   {api}/docs\n"
        f"a person   {api}/v1/people/u:p0001/features\n"
        f"next       headrace status --world {WORLD} · headrace simulate --world {WORLD}\n"
        f"stop       headrace down --world {WORLD}"
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
