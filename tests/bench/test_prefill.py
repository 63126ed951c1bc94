from __future__ import annotations

from bench.crowd import Crowd
from bench.prefill import records

from headrace.domain.clean import read_clean
from headrace.settings import Settings


def test_records_are_as_ingest_writes_them():
    crowd = Crowd.of(300, 1, 1_700_000_000_000, 1_800_000)
    sent = list(records(Settings(), crowd))
    assert [read_clean(each.value) for each in sent] == list(crowd.events())
    assert {each.topic for each in sent} == {"main.events.clean"}
    for each, event in zip(sent, crowd.events(), strict=True):
        headers = dict(each.headers)
        assert each.key == event.person.encode()
        assert int(headers["src_ms"]) == event.received_at


def test_each_record_has_a_raw_place_of_its_own_and_a_person_one_raw_partition():
    sent = list(records(Settings(), Crowd.of(300, 1, 1_700_000_000_000, 1_800_000)))
    places = [dict(each.headers)["src"].decode().split(":") for each in sent]
    assert len({tuple(place) for place in places}) == 300
    partitions = {}
    for each, (generation, partition, _) in zip(sent, places, strict=True):
        assert generation == "1"
        assert partitions.setdefault(each.key, partition) == partition
