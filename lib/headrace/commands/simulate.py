"""`headrace simulate`: simulated people act in a world, live at a rate or as a stretch of history."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.errors import BadInput
from headrace.local.bar import bar
from headrace.local.load import load
from headrace.local.sending import at_once, bursts, send_bursts
from headrace.local.simulator import FaultMix, Sent, Simulation, load_params, sent_with_faults
from headrace.local.wire import Record, item_record
from headrace.program import conf_dir
from headrace.settings import Settings

_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def command(
    world: World = None,
    rate: Annotated[float, typer.Option(min=0.001, help="Events a second.")] = 100.0,
    seconds: Annotated[float, typer.Option(min=0.001, help="How long.")] = 60.0,
    history: Annotated[
        str, typer.Option(help="Instead: a stretch that ends now, such as 7d, as fast as it goes.")
    ] = "",
    duplicates: Annotated[str, typer.Option(help="Share of the events that are sent twice, such as 5%.")] = "0%",
    late: Annotated[str, typer.Option(help="Share that occurred long before it arrives.")] = "0%",
    garbage: Annotated[str, typer.Option(help="Broken records beside the events, as a share of them.")] = "0%",
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another world of people and items.")] = 20,
    params: Annotated[Path | None, typer.Option(help="Parameter file (default: conf/simulator.toml).")] = None,
    as_json: Json = False,
    profile: Profile = None,
    conf: Conf = None,
) -> None:
    """Send simulated events, and the catalogue they are about, to a world's Kafka topics."""
    settings = settings_of(world, profile, conf)
    mix = FaultMix(_share("--duplicates", duplicates), _share("--late", late), _share("--garbage", garbage))
    simulation = Simulation.of(load_params(params or (conf or conf_dir()) / "simulator.toml"), seed)
    began_ms = time.time_ns() // 1_000_000
    if history:
        sent, total = _past(settings, simulation, mix, began_ms, history), None
    else:
        sent, total = load(simulation, rate, seconds, mix, began_ms), round(rate * seconds)
    started = time.monotonic()
    send_bursts(
        settings.kafka, settings.topic("catalogue"), [[item_record(item) for item in simulation.catalogue()]], _ignore
    )
    counts: Counter[str] = Counter()
    with bar("sending events", total) as advance:
        due = at_once if history else lambda record: (record.received_at - began_ms) / 1000
        send_bursts(
            settings.kafka,
            settings.topic("events.raw"),
            bursts(_counted(sent, counts), due, time.monotonic, time.sleep),
            advance,
        )
    _report(settings, counts, time.monotonic() - started, as_json)


def _past(settings: Settings, simulation: Simulation, mix: FaultMix, now_ms: int, history: str) -> Iterator[Sent]:
    if not settings.world.trust_received_at:
        raise BadInput(
            f"--history {history}: world {settings.world.name} does not believe received_at, so that all of it would"
            " be late; simulate into a world of its own: headrace up --world NAME"
        )
    length = re.fullmatch(r"(\d+)([smhd])", history)
    if length is None:
        raise BadInput(f"--history {history}: a number and s, m, h or d, such as 7d")
    from_ms = now_ms - int(length[1]) * _UNIT_MS[length[2]]
    return sent_with_faults(simulation.events(from_ms, now_ms), mix, simulation.seed)


def _share(flag: str, text: str) -> float:
    """A share from `5%` or `0.05`."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise BadInput(f"{flag} {text}: a share between 0% and 100%")
    return share


def _counted(sent: Iterable[Sent], counts: Counter[str]) -> Iterator[Record]:
    for one in sent:
        counts[one.fault] += 1
        yield one.record


def _ignore(_: int) -> None:
    """The catalogue is sent in one burst: no bar."""


def _report(settings: Settings, counts: Counter[str], took_s: float, as_json: bool) -> None:
    total = counts.total()
    if as_json:
        told = {"world": settings.world.name, "sent": total, "seconds": round(took_s, 3), "by_fault": dict(counts)}
        typer.echo(json.dumps(told))
        return
    faults = ", ".join(f"{counts[fault]:,} {fault}" for fault in ("duplicate", "late", "garbage") if counts[fault])
    among = f", among them {faults}" if faults else ""
    Console().print(
        f"{total:,} records to {settings.topic('events.raw')} in {took_s:.1f} s ({total / took_s:,.0f}/s){among}"
    )
