"""Who gives way to whom: by name, in the order in which work is due. That jobs are given it: test_world_parts.py."""

from itertools import pairwise

from headrace.local.niceness import niceness
from headrace.local.world_parts import JOBS
from headrace.settings import Serve, Settings

DUE = ("serve", "live", "kafka", "ingest", "hot", "ledger", "features")


def test_what_is_due_later_gives_way_to_what_is_due_sooner_and_cassandra_to_nobody() -> None:
    given = [niceness(Settings(), part) for part in DUE]
    assert all(sooner < later for sooner, later in pairwise(given)), given
    assert niceness(Settings(), "cassandra") == 0


def test_no_job_but_the_api_is_left_out() -> None:
    assert [job for job in JOBS if niceness(Settings(), job) == 0] == ["serve"]


def test_where_lists_do_not_go_first_the_broker_gives_way_to_nobody() -> None:
    assert niceness(Settings(serve=Serve(first=False)), "kafka") == 0
