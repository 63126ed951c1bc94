"""What `up` does where the servers are a cluster's."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from headrace.commands import up
from headrace.errors import BadInput
from headrace.settings import Cassandra, Settings


def test_under_the_cluster_profile_it_makes_topics_and_tables_and_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADRACE__PATHS__VAR", str(tmp_path))
    furnished: list[tuple[str, tuple[str, ...]]] = []

    def furnish(settings: Settings, conf: Path, forgotten: Sequence[str], say: object) -> None:
        furnished.append((settings.world.name, tuple(forgotten)))

    monkeypatch.setattr(up, "furnish", furnish)
    up.command(world="shop", profile="cluster", forgotten=["hot-v3"])
    assert furnished == [("shop", ("hot-v3",))]
    assert "topics and tables of world shop are there; nothing was started" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("flags", [{"servers_only": True}, {"without": ["serve"]}])
def test_under_the_cluster_profile_there_is_no_part_to_choose(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: dict[str, bool]
) -> None:
    monkeypatch.setenv("HEADRACE__PATHS__VAR", str(tmp_path))
    with pytest.raises(BadInput, match="`up` starts no part there"):
        up.command(profile="cluster", **flags)


def test_what_is_where_is_said_once_each() -> None:
    settings = Settings().model_copy(update={"cassandra": Cassandra(hosts=("127.0.0.1", "127.0.0.2"), port=19042)})
    lines = up.where(settings, servers_only=False).splitlines()
    assert [line.split()[0] for line in lines] == [
        "Kafka", "Cassandra", "API", "tables", "keyspace", "logs", "password", "next",
    ]  # fmt: skip
    assert lines[1].split()[1] == "127.0.0.1,127.0.0.2:19042,"
