"""The lock of the server and Spark jars: coordinates and sha256, no address. It reads files; it fetches nothing."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import BadSettings, MachineUnfit

STAMPS = ".verified.json"


@dataclass(frozen=True, slots=True, order=True)
class Jar:
    """One locked file. `sha256` is of the file's bytes, in hex."""

    organisation: str
    name: str
    revision: str
    classifier: str
    sha256: str

    @property
    def coordinate(self) -> str:
        """`org:name:revision` or `org:name:revision:classifier`."""
        parts = (self.organisation, self.name, self.revision, self.classifier)
        return ":".join(part for part in parts if part)

    @property
    def file(self) -> str:
        """`kafka_2.13-4.1.1.jar`, as Maven names it."""
        return "-".join(part for part in (self.name, self.revision, self.classifier) if part) + ".jar"


@dataclass(frozen=True, slots=True)
class JarSet:
    """The jars of one program. `roots` are what was asked for; `jars` is all that they need, locked."""

    name: str
    roots: tuple[str, ...]
    jars: tuple[Jar, ...]


def read_lock(path: Path) -> Mapping[str, JarSet]:
    """The sets of a lock file by name. Raises BadSettings where the file is not a lock."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            name: JarSet(name, tuple(body["roots"]), tuple(read_jar(c, sha256) for c, sha256 in body["sha256"].items()))
            for name, body in tree.items()
        }
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadSettings(f"{path}: not a jar lock ({error}); restore it from git") from error


def format_lock(sets: Sequence[JarSet]) -> str:
    """The text of a lock file; read_lock gives the same sets back."""
    lines = ["# The jars of the local stack: `make lock-jars` writes this file; `headrace up` refuses any other bytes."]
    for jar_set in sets:
        lines += ["", f"[{jar_set.name}]", "roots = ["]
        lines += [f'    "{root}",' for root in jar_set.roots]
        lines += ["]", "", f"[{jar_set.name}.sha256]"]
        lines += [f'"{jar.coordinate}" = "{jar.sha256}"' for jar in sorted(jar_set.jars)]
    return "\n".join(lines) + "\n"


def missing(jar_set: JarSet, folder: Path) -> tuple[Jar, ...]:
    """The jars of the set that are not in `folder`. Raises MachineUnfit for one with other bytes than locked.

    A file that was good once and has kept its size and time since is not read again: hashing 170 MB at each
    start would cost a second.
    """
    stamps = _read_stamps(folder)
    seen: dict[str, list[str | int]] = {}
    absent = []
    for jar in jar_set.jars:
        path = folder / jar.file
        if not path.is_file():
            absent.append(jar)
            continue
        facts = path.stat()
        stamp: list[str | int] = [jar.sha256, facts.st_size, facts.st_mtime_ns]
        if stamps.get(jar.file) != stamp:
            verify(jar, path)
        seen[jar.file] = stamp
    if seen != stamps:
        (folder / STAMPS).write_text(json.dumps(seen), encoding="utf-8")
    return tuple(absent)


def verify(jar: Jar, path: Path) -> None:
    """Raises MachineUnfit unless the file's bytes are the locked ones."""
    found = digest(path)
    if found != jar.sha256:
        raise MachineUnfit(
            f"{path}: {jar.coordinate} has sha256 {found}, but conf/jars.lock asks for {jar.sha256}; "
            "delete the file and start again; if it comes back the same, do not use this network"
        )


def digest(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_jar(coordinate: str, sha256: str) -> Jar:
    """`org:name:revision[:classifier]` with its digest. Raises ValueError for other forms."""
    organisation, name, revision, *classifier = coordinate.split(":")
    if len(sha256) != 64 or len(classifier) > 1:
        raise ValueError(f"{coordinate!r} = {sha256!r}")
    return Jar(organisation, name, revision, "".join(classifier), sha256)


def _read_stamps(folder: Path) -> dict[str, list[str | int]]:
    try:
        stamps = json.loads((folder / STAMPS).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):  # an interrupted write only costs one hashing
        return {}
    return stamps if isinstance(stamps, dict) else {}
