"""The jobs of a world as parts: what each is given when it is started."""

from pathlib import Path

from headrace.local.checkout import CONF
from headrace.local.world_parts import world_parts
from headrace.settings import load_settings


def niceness(var: Path, master: str) -> dict[str, int]:
    environ = {"HEADRACE__PATHS__VAR": str(var), "HEADRACE__SPARK__MASTER": master}
    parts = world_parts(load_settings(CONF, environ=environ), CONF)
    return {part.name: part.prepare().niceness for part in parts}


def test_what_is_due_later_gives_way_where_it_computes_and_not_where_it_only_drives_a_cluster(
    tmp_path: Path,
) -> None:
    others = {"ingest": 0, "live": 0, "hot": 0, "trends": 10, "serve": 0}
    assert niceness(tmp_path, "local") == others | {"ledger": 5, "features": 10}
    assert niceness(tmp_path, "spark://127.0.0.1:7077") == others | {"ledger": 0, "features": 0}
