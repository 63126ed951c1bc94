"""The settings layers that `up` writes are readable settings, private, and never lose what they held."""

import stat
import tomllib
from pathlib import Path

import pytest

from headrace.errors import BadSettings
from headrace.local.checkout import CONF
from headrace.local.machine_files import api_ports, ensure_secrets, read_sections, world_sections, write_sections
from headrace.settings import load_settings


def test_secrets_are_made_once_and_what_was_there_stays(tmp_path: Path) -> None:
    write_sections(tmp_path / "stack.toml", {"kafka": {"bootstrap": "127.0.0.1:1"}, "serve": {"port": 2}})
    ensure_secrets(tmp_path)
    first = tomllib.loads((tmp_path / "stack.toml").read_text())
    assert first["kafka"] == {"bootstrap": "127.0.0.1:1"}
    assert first["serve"]["port"] == 2
    ensure_secrets(tmp_path)
    assert tomllib.loads((tmp_path / "stack.toml").read_text()) == first


def test_two_stacks_have_different_secrets(tmp_path: Path) -> None:
    for name in ("a", "b"):
        ensure_secrets(tmp_path / name)
    one, other = (read_sections(tmp_path / name / "stack.toml") for name in ("a", "b"))
    assert one["cassandra"]["password"] != other["cassandra"]["password"]
    assert one["serve"]["seed_secret"] != other["serve"]["seed_secret"]


def test_the_file_is_private(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    assert stat.S_IMODE((tmp_path / "stack.toml").stat().st_mode) == 0o600


def test_any_text_survives(tmp_path: Path) -> None:
    awkward = 'quote " backslash \\ newline \n tab \t ünï'
    write_sections(tmp_path / "x.toml", {"s": {"text": awkward, "yes": True, "n": 3, "x": 0.5}})
    assert read_sections(tmp_path / "x.toml") == {"s": {"text": awkward, "yes": True, "n": 3, "x": 0.5}}


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "stack.toml").write_text("[")
    with pytest.raises(BadSettings, match=r"stack\.toml: not TOML"):
        ensure_secrets(tmp_path)


@pytest.mark.parametrize(("name", "clock"), [("demo", "wall"), ("retail", "stream")])
def test_a_world_of_its_own_believes_its_data_and_has_one_partition(tmp_path: Path, name: str, clock: str) -> None:
    write_sections(tmp_path / "worlds" / name / "world.toml", world_sections(name, 8777))
    settings = load_settings(CONF, world=name, environ={"HEADRACE__PATHS__VAR": str(tmp_path)})
    world = settings.world
    assert (world.name, world.clock, world.trust_received_at, world.partitions) == (name, clock, True, 1)
    assert settings.spark.ingest_batch == "10 seconds"  # whoever replays waits for its ends
    assert settings.serve.port == 8777


def test_a_port_that_another_world_holds_is_known_though_nobody_listens_on_it(tmp_path: Path) -> None:
    write_sections(tmp_path / "worlds" / "demo" / "world.toml", world_sections("demo", 8601))
    write_sections(tmp_path / "worlds" / "retail" / "world.toml", world_sections("retail", 8602))
    write_sections(tmp_path / "worlds" / "plain" / "world.toml", {"world": {"clock": "stream"}})
    assert api_ports(tmp_path) == {8601, 8602}
