"""The jobs of a world as parts: what each is given when it is started."""

from pathlib import Path

from headrace.local.checkout import CONF
from headrace.local.world_parts import world_parts
from headrace.settings import load_settings


def niceness(var: Path, master: str, **more: str) -> dict[str, int]:
    environ = {"HEADRACE__PATHS__VAR": str(var), "HEADRACE__SPARK__MASTER": master} | more
    parts = world_parts(load_settings(CONF, environ=environ), CONF)
    return {part.name: part.prepare().niceness for part in parts}


def test_lists_go_first_and_what_is_due_later_gives_way_but_not_where_it_only_drives_a_cluster(tmp_path: Path) -> None:
    plain = {"live": 5, "trends": 19, "serve": 0}
    assert niceness(tmp_path, "local") == plain | {"ingest": 9, "hot": 10, "ledger": 15, "features": 19}
    driving = dict.fromkeys(("ingest", "hot", "ledger", "features"), 0)
    assert niceness(tmp_path, "spark://127.0.0.1:7077") == plain | driving


def test_whoever_would_have_streams_wait_for_no_list_says_so(tmp_path: Path) -> None:
    found = niceness(tmp_path, "local", HEADRACE__SERVE__FIRST="false")
    assert found == {"ingest": 0, "live": 0, "hot": 0, "ledger": 5, "features": 9, "trends": 9, "serve": 0}
