"""One frozen tree: later layers win, and what nobody knows is refused by name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from headrace.errors import BadSettings
from headrace.local.checkout import CONF
from headrace.settings import Settings, load_settings


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A settings folder with a value in each of its layers."""
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "base.toml").write_text('[train]\nrank = 1\n[kafka]\nbootstrap = "base:1"\n[serve]\nport = 1001\n')
    (folder / "local.toml").write_text('[kafka]\nbootstrap = "local:1"\n[serve]\nport = 1002\n')
    (folder / "cluster.toml").write_text('[kafka]\nbootstrap = "cluster:1"\n')
    return folder


def loaded(conf: Path, world: str | None = None, profile: str | None = None, **environ: str) -> Settings:
    return load_settings(conf, profile, world, environ=environ)


def test_the_project_s_own_files_load_in_both_profiles() -> None:
    assert load_settings(CONF, "local", environ={}).kafka.bootstrap == "127.0.0.1:19092"
    assert load_settings(CONF, "cluster", environ={}).spark.master == "yarn"


def test_each_layer_wins_over_those_before_it(conf: Path) -> None:
    var = conf.parent / "var"
    assert loaded(conf).train.rank == 1
    assert loaded(conf).kafka.bootstrap == "local:1"
    assert loaded(conf, profile="cluster").kafka.bootstrap == "cluster:1"
    (var / "worlds" / "w").mkdir(parents=True)
    (var / "stack.toml").write_text("[serve]\nport = 1003\n")
    assert loaded(conf).serve.port == 1003
    (var / "worlds" / "w" / "world.toml").write_text("[serve]\nport = 1004\n")
    assert loaded(conf, world="w").serve.port == 1004
    assert loaded(conf, world="main").serve.port == 1003
    assert loaded(conf, world="w", HEADRACE__SERVE__PORT="1005").serve.port == 1005
    flags = {"serve.port": "1006"}
    assert load_settings(conf, world="w", environ={"HEADRACE__SERVE__PORT": "1005"}, flags=flags).serve.port == 1006


def test_the_world_of_the_environment_is_used_and_the_flag_wins(conf: Path) -> None:
    assert loaded(conf, HEADRACE__WORLD__NAME="retail").keyspace == "headrace_retail"
    assert loaded(conf, world="demo", HEADRACE__WORLD__NAME="retail").topic("events.raw") == "demo.events.raw"


@pytest.mark.parametrize("folder", [Path("somewhere"), Path("/")])
def test_relative_paths_count_from_the_folder_of_conf_whatever_the_working_directory(
    conf: Path, monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / folder)
    assert loaded(conf).paths.var == conf.parent / "var"
    assert loaded(conf, HEADRACE__PATHS__VAR="other").world_dir == conf.parent / "other" / "worlds" / "main"
    assert loaded(conf, HEADRACE__PATHS__VAR="/absolute").paths.var == Path("/absolute")


def test_an_unknown_key_is_named_with_its_file(conf: Path) -> None:
    (conf / "local.toml").write_text("[kafka]\nbootstrop = 1\n")
    with pytest.raises(BadSettings, match=r"local\.toml: unknown key 'kafka\.bootstrop'") as refusal:
        loaded(conf)
    assert refusal.value.exit_code == 2


def test_an_unknown_environment_variable_is_named(conf: Path) -> None:
    with pytest.raises(BadSettings, match=r"environment HEADRACE__….*unknown key 'serve\.prot'"):
        loaded(conf, HEADRACE__SERVE__PROT="1")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[serve]\nport = 70000\n", r"serve\.port = 70000"),
        ('[serve]\nport = "many"\n', r"serve\.port = 'many'"),
        ("[serve]\nexploration_rate = 1.5\n", r"serve\.exploration_rate = 1\.5"),
        ('[world]\nname = "Not A Name"\n', r"world\.name = 'Not A Name'"),
        ('[world]\nclock = "sundial"\n', r"world\.clock = 'sundial'"),
    ],
)
def test_a_bad_value_is_named_with_its_file_and_key(conf: Path, text: str, named: str) -> None:
    (conf / "local.toml").write_text(text)
    with pytest.raises(BadSettings, match=rf"local\.toml: {named}"):
        loaded(conf)


def test_what_is_not_toml_and_what_is_not_there_are_named(conf: Path) -> None:
    (conf / "local.toml").write_text("[serve\n")
    with pytest.raises(BadSettings, match=r"local\.toml: not TOML"):
        loaded(conf)
    with pytest.raises(BadSettings, match=r"nowhere\.toml: no such settings file"):
        loaded(conf, profile="nowhere")


def test_settings_do_not_change_and_do_not_print_their_secrets(conf: Path) -> None:
    settings = loaded(conf, HEADRACE__CASSANDRA__PASSWORD="sesame")
    assert "sesame" not in repr(settings)
    assert settings.cassandra.password.get_secret_value() == "sesame"
    with pytest.raises(ValidationError, match="frozen"):
        settings.serve.port = 1  # type: ignore[misc]  # the point of the test
