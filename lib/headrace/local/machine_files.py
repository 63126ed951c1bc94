"""The settings layers that `headrace up` makes: <var>/stack.toml and <var>/worlds/<world>/world.toml. No other file."""

from __future__ import annotations

import json
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from headrace.errors import BadSettings

Value: TypeAlias = str | int | float | bool | tuple[str, ...]
Sections: TypeAlias = Mapping[str, Mapping[str, Value]]

HEADER = "# Made by `headrace up`; it is a layer of the settings (see conf/base.toml).\n"


def ensure_secrets(var: Path) -> None:
    """<var>/stack.toml has a Cassandra password and a seed secret; what it has already is kept. Readable by us only."""
    path = var / "stack.toml"
    sections = {name: dict(body) for name, body in read_sections(path).items()}
    before = json.dumps(sections)
    sections.setdefault("cassandra", {}).setdefault("password", secrets.token_urlsafe(24))
    sections.setdefault("serve", {}).setdefault("seed_secret", secrets.token_urlsafe(32))
    if json.dumps(sections) != before:
        write_sections(path, sections)


def world_sections(name: str, port: int) -> Sections:
    """What a world other than main is unless its file says otherwise.

    `demo` lives now: its simulated past ends at the wall clock and runs on. Any other world is a replay: its clock is
    its stream. One partition, so that no input runs ahead of another; short batches of ingest, since whoever sends into
    such a world waits until it says that it has read all.
    """
    clock = "wall" if name == "demo" else "stream"
    return {
        "world": {"clock": clock, "trust_received_at": True, "partitions": 1},
        "spark": {"ingest_batch": "10 seconds"},
        "serve": {"port": port},
    }


def api_ports(var: Path) -> frozenset[object]:
    """The API ports that worlds of this stack have, whether they run or not."""
    worlds = (read_sections(path) for path in (var / "worlds").glob("*/world.toml"))
    return frozenset(world["serve"]["port"] for world in worlds if "port" in world.get("serve", {}))


def read_sections(path: Path) -> Sections:
    """The file's sections, or {} where there is no file. Raises BadSettings for a broken one."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: not TOML: {error}") from error


def write_sections(path: Path, sections: Sections) -> None:
    """Replace the file at once, mode 0600 from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        for name, body in sections.items():
            stream.write(f"\n[{name}]\n")
            # A TOML basic string is a JSON string, and so are TOML's numbers, booleans and arrays.
            stream.writelines(f"{key} = {json.dumps(value)}\n" for key, value in body.items())
    draft.replace(path)
