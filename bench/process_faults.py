"""What is done to the processes and files of a small stack, and the way out of each. One run is one seed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

from bench.processes import WORLD, Stack, refused
from bench.tally import OURS, Outcome
from bench.verdict import Verdict
from headrace.local.checkout import CONF, ROOT
from headrace.local.job import job_command, job_environ
from headrace.stream.hot import HOT
from headrace.stream.ledger import LEDGER

Hurt = Callable[[Stack, Random, int], str]
"""Does it and takes the way out, but for the last `up`; says what refused to start and which way that was."""

WAY_OUT: Final = "--forget"
TMPFS_MB: Final = 24
PARTS: Final = ("ingest", "hot", "ledger", "features", "live", "kafka", "cassandra")
"""What SIGKILL is sent to."""


def process_faults() -> dict[str, Hurt]:
    """Every process fault by name."""
    kills = {f"kill.{part}": _killing(part) for part in PARTS}
    return kills | {
        "kill.worker": _kill_worker,
        "pause.cassandra": _pause,
        "slow.cassandra": _slow,
        "two_drivers": _two_drivers,
        "checkpoint.deleted": _deleted,
        "checkpoint.corrupted": _corrupted,
        "disk.full": _disk_full,
    }


def process_run(stack: Stack, fault: str, seed: int) -> Outcome:
    """Half of a chapter, the fault, up, the other half; drained, judged; skipped where it cannot be made."""
    rng = Random(f"{fault}:{seed}")
    records, expected = stack.chapter()
    cut = rng.randint(len(records) // 4, 3 * len(records) // 4)
    stack.send(records[:cut])
    time.sleep(rng.uniform(0.0, 1.5))
    try:
        says = process_faults()[fault](stack, rng, seed)
    except Unmade as reason:
        stack.send(records[cut:])
        return Outcome(fault, seed, OURS, Verdict(), 0.0, f"skipped: {reason}", skipped=True)
    began = time.monotonic()
    stack.up()
    stack.send(records[cut:])
    stack.drain()
    return Outcome(fault, seed, OURS, stack.judge(expected), time.monotonic() - began, says)


class Unmade(Exception):
    """This machine does not let the fault be made; why."""


def _killing(part: str) -> Hurt:
    def kill(stack: Stack, _rng: Random, _seed: int) -> str:
        stack.kill(part)
        return ""

    return kill


def _kill_worker(stack: Stack, _rng: Random, _seed: int) -> str:
    stack.kill_worker("hot")
    return ""


def _pause(stack: Stack, rng: Random, _seed: int) -> str:
    stack.pause("cassandra", rng.uniform(2, 8))
    return ""


def _slow(stack: Stack, rng: Random, _seed: int) -> str:
    stack.pause("cassandra", rng.uniform(4, 8), share=0.9)
    return ""


def _two_drivers(stack: Stack, _rng: Random, _seed: int) -> str:
    """A second hot program on the checkpoint of the first, which must not notice."""
    settings = stack.settings
    done = subprocess.run(
        job_command(settings, CONF, "hot"),
        env=job_environ(settings, os.environ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # spark-submit passes on what a job says in either
        text=True,
        timeout=180,
        check=False,
    )
    words = [line for line in done.stdout.splitlines() if "another process of this machine is writing" in line]
    if done.returncode == 0 or not words:
        said = done.stdout.strip().splitlines()[-1:]
        raise AssertionError(f"a second driver was not refused as such: {done.returncode}: {said}")
    return f"refused: {words[-1].strip()}"


def _deleted(stack: Stack, _rng: Random, seed: int) -> str:
    """Even seeds bring the folder back, odd ones forget it: the two ways that the message names."""
    folder = Path(stack.settings.checkpoint(HOT))
    stack.down()
    aside = folder.rename(folder.with_name(f"{folder.name}.aside"))
    said = _way_out_of(refused(stack.up))
    stack.down()
    shutil.rmtree(folder, ignore_errors=True)  # what the refused start made
    if seed % 2:
        shutil.rmtree(aside)
        stack.up(forgotten=(HOT,))
        return f"refused: {said}; then forgotten"
    aside.rename(folder)
    return f"refused: {said}; then brought back"


def _corrupted(stack: Stack, rng: Random, seed: int) -> str:
    """Half a file, as a disk leaves it that lost power, in one of the newest of hot or the ledger."""
    writer = (HOT, LEDGER)[rng.randrange(2)]
    folder = Path(stack.settings.checkpoint(writer))
    stack.down()
    newest = max((folder / "offsets").iterdir(), key=lambda file: int(file.name) if file.name.isdecimal() else -1)
    kept = newest.read_bytes()
    newest.write_bytes(kept[: len(kept) // 2])
    (newest.parent / f".{newest.name}.crc").unlink(missing_ok=True)
    said = _way_out_of(refused(stack.up))
    stack.down()
    if seed % 2 and writer == HOT:
        shutil.rmtree(folder)
        stack.up(forgotten=(HOT,))
        return f"refused: {said}; then forgotten"
    newest.write_bytes(kept)
    return f"refused: {said}; then brought back"


def _way_out_of(said: str) -> str:
    """The sentence that names the way out. Raises AssertionError where none does."""
    if WAY_OUT not in said:
        raise AssertionError(f"it refuses and does not say how to go on: {said}")
    words = next((part.strip() for part in reversed(said.split("|")) if WAY_OUT in part), said)
    return words[:300]


def _disk_full(stack: Stack, _rng: Random, _seed: int) -> str:
    """Checkpoints and tables on a disk of their own that fills up under the programs, and has room again later."""
    world = stack.settings.world_dir
    stack.down()
    aside = world.with_name(f"{world.name}.aside")
    shutil.copytree(world, aside)
    mounted = subprocess.run(
        ("mount", "-t", "tmpfs", "-o", f"size={TMPFS_MB + _size_mb(world)}m", "headrace-faults", str(world)),
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        shutil.rmtree(aside)
        stack.up()
        raise Unmade(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(aside, world, dirs_exist_ok=True)
        stack.up()
        with suppress(OSError), (world / "filler").open("wb") as filler:
            while True:
                filler.write(b"\0" * 65_536)
                filler.flush()
        records, _ = stack.chapter()
        stack.send(records)
        time.sleep(15)
        (world / "filler").unlink()
        stack.down()
        shutil.rmtree(aside)
        shutil.copytree(world, aside)
    finally:
        stack.down()
        subprocess.run(("umount", str(world)), check=True)
    shutil.copytree(aside, world, dirs_exist_ok=True)
    shutil.rmtree(aside)
    return f"world {WORLD} was on a disk of {TMPFS_MB} MB that was full for 15 s"


def _size_mb(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) // 1_048_576
