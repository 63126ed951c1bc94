"""One frozen tree of settings. Nobody below a composition root reads the environment or a settings file.

conf/base.toml < conf/{local,cluster}.toml < <var>/stack.toml and <var>/worlds/<world>/world.toml (both made by
`headrace up`) < environment (HEADRACE__SECTION__KEY) < flags.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from headrace.errors import BadSettings

Tree: TypeAlias = dict[str, Any]  # parsed TOML before validation: the one place where a value has no type yet

Port = Annotated[int, Field(ge=1, le=65535)]
Ms = Annotated[int, Field(gt=0)]
Days = Annotated[int, Field(ge=9, le=36_500)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]

MOST_TAIL: Final = 1_000
"""No request reads more of a person's newest events, and live keeps no more of who has many."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class World(Section):
    """Topic prefix, keyspace, Delta root, checkpoints and a clock together; see DESIGN 'A world'."""

    name: Name = "main"
    clock: Literal["wall", "stream"] = "wall"
    trust_received_at: bool = False
    partitions: Annotated[int, Field(ge=1, le=1024)] = 2
    allowed_lateness_ms: Ms = 600_000
    state_horizon_ms: Ms = 7_200_000
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "GBP"
    generation: Annotated[int, Field(ge=1)] = 1


class Paths(Section):
    """Where the stack writes. `lake` and `checkpoints` default to folders of the world below `var`.

    A relative `var` or `cache` counts from the folder that holds conf/, whatever the working directory.
    """

    var: Path = Path("var")
    cache: Path = Path("~/.cache/headrace")
    lake: str = ""
    checkpoints: str = ""
    shelf: str = ""


class Kafka(Section):
    bootstrap: str = "127.0.0.1:19092"
    controller_port: Port = 19093
    heap_mb: Annotated[int, Field(ge=128)] = 384
    request_timeout_ms: Ms = 10_000
    replication: Annotated[int, Field(ge=1)] = 1


class Cassandra(Section):
    hosts: tuple[str, ...] = ("127.0.0.1",)
    port: Port = 19042
    storage_port: Port = 17000
    jmx_port: Port = 17199
    heap_mb: Annotated[int, Field(ge=256)] = 1024
    user: str = "headrace"
    password: SecretStr = SecretStr("")
    replication: Annotated[int, Field(ge=1)] = 1
    datacenter: str = "datacenter1"
    rows_per_request: Annotated[int, Field(ge=1, le=100)] = 1
    read_consistency: Literal["local_one", "local_quorum"] = "local_quorum"
    read_timeout_ms: Ms = 50
    write_timeout_ms: Ms = 5_000


class Spark(Section):
    master: str = "local"
    driver_memory: str = "1g"
    ingest_memory: str = "512m"
    hot_memory: str = "768m"
    ledger_memory: str = "768m"
    features_memory: str = "1g"
    executor_memory: str = "1g"
    cores_max: Annotated[int, Field(ge=1)] = 4
    shuffle_partitions: Annotated[int, Field(ge=1)] = 2
    # Events wait where two batches meet: see the tail's p99 in `headrace bench fresh`. What is read again after a kill,
    # and how old ingest's word on itself is, are up to a batch.
    ingest_batch: str = "1 minute"
    # Each is a task a stage, a state of each kind and a commit of it: what a pane waits for where the machine is full.
    hot_partitions: Annotated[int, Field(ge=1)] = 1
    # A batch costs a third of a second of one core whether it has ten events or five hundred; where it takes longer
    # than this they follow each other without a pause, and all else on the machine waits.
    hot_trigger: str = "500 milliseconds"
    hot_sweep_s: Annotated[float, Field(gt=0)] = 900.0
    ledger_trigger: str = "5 seconds"
    finals_trigger: str = "1 minute"
    archive_trigger: str = "30 seconds"
    # Six seconds of what two cores carry (`headrace bench stream`): a batch of a backlog is neither small nor endless.
    max_offsets_per_trigger: Annotated[int, Field(ge=1)] = 100_000


class Keep(Section):
    """Days that a row of a Delta table is kept (docs/running.md). The catalogue and the evaluations: for ever.

    More than the eight days for which the broker keeps raw records: `headrace account` compares the two.
    """

    events: Days = 400  # a year and a month of it again: what models, windows and a recount are made from
    sessions: Days = 400  # as the events that they sum up
    user_windows: Days = 90  # the largest table, and made anew from the events at any time
    decisions: Days = 90  # each is up to 4 KB; what was shown is judged within weeks
    rejected: Days = 30  # exact bytes of anything at all: kept until their sender could be put right, no longer


class Live(Section):
    tail_limit: Annotated[int, Field(ge=1, le=MOST_TAIL)] = 100
    tail_ttl_s: Annotated[int, Field(gt=0)] = 172_800


class Panes(Section):
    ttl_s: Annotated[int, Field(gt=0)] = 691_200


class Trends(Section):
    publish_s: Annotated[float, Field(ge=1, le=20)] = 5.0  # after 60 s without, serving takes them for old


class Serve(Section):
    host: str = "127.0.0.1"
    port: Port = 8600
    workers: Annotated[int, Field(ge=0, le=64)] = 0  # processes that rank for this one; 0: it does so itself
    first: bool = True  # on one machine: streams give way to lists
    deadline_ms: Ms = 100
    candidates: Annotated[int, Field(ge=10, le=1000)] = 200
    candidate_cache: Annotated[int, Field(ge=0)] = 10_000  # people; 1 to 2 KB each in the demo
    exploration_rate: Annotated[float, Field(ge=0, le=1)] = 0.05
    exploration_temperature: Annotated[float, Field(gt=0)] = 1.0
    exploration_floor: Annotated[float, Field(ge=0, le=0.5)] = 0.01
    seed_secret: SecretStr = SecretStr("")
    max_body_bytes: Annotated[int, Field(gt=0)] = 1_048_576
    max_events: Annotated[int, Field(gt=0)] = 500
    snapshot_poll_ms: Ms = 1_000


class Train(Section):
    rank: Annotated[int, Field(ge=1)] = 16
    iterations: Annotated[int, Field(ge=1)] = 15
    regularisation: Annotated[float, Field(ge=0)] = 0.1
    alpha: Annotated[float, Field(gt=0)] = 1.0
    seed: int = 20
    weighting: Literal["binary", "kind"] = "kind"
    candidates_per_person: Annotated[int, Field(ge=1)] = 100
    neighbours_per_item: Annotated[int, Field(ge=1)] = 50
    keep_versions: Annotated[int, Field(ge=2)] = 5
    gate_tolerance: Annotated[float, Field(ge=0, le=1)] = 0.05


class Settings(Section):
    profile: Literal["local", "cluster"] = "local"
    world: World = World()
    paths: Paths = Paths()
    kafka: Kafka = Kafka()
    cassandra: Cassandra = Cassandra()
    spark: Spark = Spark()
    keep: Keep = Keep()
    live: Live = Live()
    panes: Panes = Panes()
    trends: Trends = Trends()
    serve: Serve = Serve()
    train: Train = Train()

    def topic(self, name: str) -> str:
        """Kafka topic of this world: `main.events.raw`."""
        return f"{self.world.name}.{name}"

    @property
    def keyspace(self) -> str:
        """Cassandra keyspace of this world."""
        return f"headrace_{self.world.name}"

    @property
    def world_dir(self) -> Path:
        """The world's folder on this machine: its settings file, logs, secrets, lake and checkpoints by default."""
        return self.paths.var / "worlds" / self.world.name

    def table(self, name: str) -> str:
        """Path or URI of a Delta table of this world."""
        return f"{self.paths.lake or self.world_dir / 'lake'}/{name}"

    def checkpoint(self, query: str) -> str:
        """Path or URI of a streaming query's checkpoint."""
        return f"{self.paths.checkpoints or self.world_dir / 'checkpoints'}/{query}"

    @property
    def shelf_dir(self) -> Path:
        """The model shelf: one folder per model version."""
        return Path(self.paths.shelf) if self.paths.shelf else self.world_dir / "shelf"


def load_settings(
    conf: Path,
    profile: str | None = None,
    world: str | None = None,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[str, str] | None = None,
) -> Settings:
    """Read and merge every layer into one tree.

    `flags` maps dotted keys ("kafka.bootstrap") to text. Raises BadSettings, naming the layer and the key.
    """
    named = profile or environ.get("HEADRACE__PROFILE", "local")
    layers: list[tuple[str, Tree]] = [(str(conf / f), _toml(conf / f)) for f in ("base.toml", f"{named}.toml")]
    overrides = [_from_environ(environ), ("flags", _nest((k.split("."), v) for k, v in (flags or {}).items()))]
    name = world or _peek_world(layers + overrides)
    root = conf.absolute().parent  # a relative path means the same from every working directory
    var = root / Path(_peek(layers + overrides, "paths", "var", "var")).expanduser()
    machine_made = (var / "stack.toml", var / "worlds" / name / "world.toml")
    layers += [(str(path), _toml(path)) for path in machine_made if path.is_file()]
    layers += [("profile and world", {"profile": named, "world": {"name": name}}), *overrides]
    if world is not None:
        layers.append(("--world", {"world": {"name": world}}))
    merged: Tree = {}
    for source, tree in layers:
        try:
            Settings.model_validate(tree)
        except ValidationError as error:
            raise BadSettings(_describe(source, error)) from error
        merged = _merge(merged, tree)
    settings = Settings.model_validate(merged)
    paths = settings.paths.model_copy(
        update={"var": root / settings.paths.var.expanduser(), "cache": root / settings.paths.cache.expanduser()}
    )
    return settings.model_copy(update={"paths": paths})


def _toml(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadSettings(f"{path}: no such settings file; run from the project's root or give --conf") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: not TOML: {error}") from error


def _from_environ(environ: Mapping[str, str]) -> tuple[str, Tree]:
    pairs = [
        (name.removeprefix("HEADRACE__").lower().split("__"), text)
        for name, text in sorted(environ.items())
        if name.startswith("HEADRACE__") and name != "HEADRACE__PROFILE"
    ]
    return "environment HEADRACE__…", _nest(pairs)


def _nest(pairs: Any) -> Tree:
    tree: Tree = {}
    for keys, text in pairs:
        section = tree
        for key in keys[:-1]:
            section = section.setdefault(key, {})
        section[keys[-1]] = text.split(",") if keys == ["cassandra", "hosts"] else text
    return tree


def _merge(under: Tree, over: Tree) -> Tree:
    merged = dict(under)
    for key, value in over.items():
        merged[key] = _merge(merged.get(key, {}), value) if isinstance(value, dict) else value
    return merged


def _peek(layers: list[tuple[str, Tree]], section: str, key: str, default: str) -> str:
    found = [tree[section][key] for _, tree in layers if isinstance(tree.get(section), dict) and key in tree[section]]
    return str(found[-1]) if found else default


def _peek_world(layers: list[tuple[str, Tree]]) -> str:
    return _peek(layers, "world", "name", "main")


def _describe(source: str, error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{source}: unknown key {key!r}; see conf/base.toml for the keys that exist"
    return f"{source}: {key} = {first.get('input')!r}: {first['msg']}"
