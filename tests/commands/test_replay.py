"""What a replay refuses before it reads, and what it leaves behind where it fails."""

from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from headrace.commands import replay
from headrace.errors import BadInput, PartFailed
from headrace.local.checkout import CONF
from headrace.local.machine_files import world_sections, write_sections
from headrace.local.part import Part
from headrace.local.stack import parts_of
from headrace.settings import Settings, load_settings


def settings_of(var: Path, world: str) -> Settings:
    return load_settings(CONF, world=world, environ={"HEADRACE__PATHS__VAR": str(var)})


@pytest.mark.parametrize("world", ["main", "demo"])
def test_a_world_that_lives_now_is_refused(tmp_path: Path, world: str) -> None:
    with pytest.raises(BadInput, match=f"--world {world}: it lives by the wall clock"):
        replay.refuse_wall(settings_of(tmp_path, world))


def test_the_demo_s_world_is_refused_once_it_exists_too_and_a_replay_s_own_is_not(tmp_path: Path) -> None:
    for world in ("demo", "retail"):
        write_sections(tmp_path / "worlds" / world / "world.toml", world_sections(world, 8601))
    with pytest.raises(BadInput, match="--world demo"):
        replay.refuse_wall(settings_of(tmp_path, "demo"))
    replay.refuse_wall(settings_of(tmp_path, "retail"))
    replay.refuse_wall(settings_of(tmp_path, "not_yet"))


def test_a_bad_speed_is_named_before_the_folder_is_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADRACE__PATHS__VAR", str(tmp_path))
    with pytest.raises(BadInput, match="--speed fast"):
        replay.command(tmp_path / "nowhere", world="retail", speed="fast")


def test_what_up_started_is_stopped_again_in_reverse_though_up_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEADRACE__PATHS__VAR", str(tmp_path / "var"))
    (tmp_path / "events.csv").write_text("user_id,item_id,occurred_at\nu,i,1\n")
    stopped: list[str] = []

    def up(
        conf: Path,
        profile: str | None,
        world: str,
        without: Collection[str],
        servers_only: bool,
        say: object,
        starts: Callable[[Part], object],
    ) -> None:
        for part in parts_of(settings_of(tmp_path / "var", world), conf)[1:3]:
            starts(part)
        raise PartFailed("ingest died")

    monkeypatch.setattr(replay, "up", up)
    monkeypatch.setattr(replay, "stop", lambda pid_file, _: stopped.append(pid_file.stem))
    with pytest.raises(PartFailed):
        replay.command(tmp_path, world="retail")
    assert stopped == ["ingest", "cassandra"]
