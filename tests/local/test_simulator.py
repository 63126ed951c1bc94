"""The simulated world: same seed, same bytes; any stretch of time on its own; people who follow their tastes."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from headrace.domain.contract import read_event
from headrace.domain.events import KINDS, Event
from headrace.errors import BadEvent, BadSettings
from headrace.local.simulator import FaultMix, Sent, Simulation, load_params, sent_with_faults
from headrace.local.wire import WireEvent, record_of

CONF = Path(__file__).resolve().parents[2] / "conf" / "simulator.toml"
DAY_MS = 86_400_000
MONDAY = 1_763_942_400_000  # 2025-11-24T00:00:00Z
LATENESS_MS = 600_000


@cache
def world(seed: int = 20) -> Simulation:
    return Simulation.of(load_params(CONF), seed)


@cache
def one_day() -> tuple[WireEvent, ...]:
    return tuple(world().events(MONDAY, MONDAY + DAY_MS))


@cache
def spoiled_day() -> tuple[Sent, ...]:
    return tuple(sent_with_faults(one_day(), FaultMix(duplicates=0.05, late=0.05, garbage=0.01), 20))


def judged(raw: bytes, received_at: int) -> Event:
    return read_event(raw, received_at, trust_received_at=True, allowed_lateness_ms=LATENESS_MS)


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = Simulation.of(load_params(CONF), 20)
    assert again.catalogue() == world().catalogue()
    hour = MONDAY + 20 * 3_600_000
    first = [record_of(event) for event in world().events(hour, hour + 3_600_000)]
    assert [record_of(event) for event in again.events(hour, hour + 3_600_000)] == first
    assert len(first) > 100


def test_another_seed_gives_another_world() -> None:
    assert world(21).catalogue() != world().catalogue()
    assert [event.item_id for event in world(21).events(MONDAY, MONDAY + DAY_MS)] != [e.item_id for e in one_day()]


def test_two_stretches_joined_are_the_whole() -> None:
    noon = MONDAY + 12 * 3_600_000 + 34_567
    assert (*world().events(MONDAY, noon), *world().events(noon, MONDAY + DAY_MS)) == one_day()


def test_events_arrive_in_order_and_within_the_stretch_that_was_asked_for() -> None:
    moments = [event.received_at for event in one_day()]
    assert all(earlier <= later for earlier, later in pairwise(moments))
    assert moments[0] >= MONDAY
    assert moments[-1] < MONDAY + DAY_MS


def test_every_event_keeps_the_contract_and_is_in_time() -> None:
    for event in one_day():
        seen = judged(record_of(event).value, event.received_at)
        assert seen.person == event.person
        assert not seen.late


def test_every_event_id_is_used_once() -> None:
    assert len({event.event_id for event in one_day()}) == len(one_day())


def test_a_week_has_every_kind_of_event() -> None:
    assert {event.kind for event in world().events(MONDAY, MONDAY + 7 * DAY_MS)} == set(KINDS)


def test_the_funnel_narrows_from_impression_to_purchase() -> None:
    count = Counter(event.kind for event in one_day())
    assert count["impression"] > 4 * count["click"] > 8 * count["cart"] > 8 * count["purchase"] > 0
    assert count["view"] == count["click"]
    clicked = {(event.session_id, event.item_id) for event in one_day() if event.kind == "click"}
    shown = {(event.session_id, event.item_id) for event in one_day() if event.kind == "impression"}
    carted = {(event.session_id, event.item_id) for event in one_day() if event.kind == "cart"}
    bought = {(event.session_id, event.item_id) for event in one_day() if event.kind == "purchase"}
    assert bought <= carted <= clicked <= shown


def test_people_come_back_and_strangers_do_not_log_in() -> None:
    week = list(world().events(MONDAY, MONDAY + 7 * DAY_MS))
    days_of = {(event.user_id, event.occurred_at // DAY_MS) for event in week if event.user_id}
    visits_on_days = Counter(user for user, _ in days_of)
    assert sum(days >= 3 for days in visits_on_days.values()) > 100
    strangers = {event.session_id for event in week if event.user_id is None}
    assert len(strangers) > 100
    assert not strangers & {event.session_id for event in week if event.user_id}


def test_the_evening_is_busier_than_the_night() -> None:
    hours = Counter(event.occurred_at // 3_600_000 % 24 for event in one_day())
    assert sum(hours[hour] for hour in (18, 19, 20, 21)) > 4 * sum(hours[hour] for hour in (1, 2, 3, 4))


def test_what_is_clicked_is_wanted_more_than_what_is_shown() -> None:
    simulation = world()
    place = {item.item_id: index for index, item in enumerate(simulation.catalogue())}
    clicked: list[float] = []
    shown: list[float] = []
    for visit in simulation.visits(MONDAY, MONDAY + DAY_MS):
        wanted = simulation.utility(visit)
        for event in simulation.play(visit):
            if event.item_id is not None and event.kind in ("click", "impression"):
                (clicked if event.kind == "click" else shown).append(float(wanted[place[event.item_id]]))
    assert np.mean(clicked) > np.mean(shown) + 0.5


def test_a_visit_is_about_its_category() -> None:
    simulation = world()
    about = clicks = 0
    for visit in simulation.visits(MONDAY, MONDAY + DAY_MS):
        name = simulation.params.categories[visit.category].name
        categories = [event.category for event in simulation.play(visit) if event.kind == "click"]
        about += categories.count(name)
        clicks += len(categories)
    assert about / clicks > 0.4  # of 14 categories


def test_faults_come_at_their_rates_and_leave_the_good_events_alone() -> None:
    good = len(one_day())
    count = Counter(sent.fault for sent in spoiled_day())
    assert count["none"] + count["late"] == good
    assert count["late"] == pytest.approx(0.05 * good, rel=0.2)
    assert count["duplicate"] == pytest.approx(0.05 * good, rel=0.2)
    assert count["garbage"] == pytest.approx(0.01 * good, rel=0.4)
    clean = {record_of(event) for event in one_day()}
    assert all(sent.record in clean for sent in spoiled_day() if sent.fault == "none")


def test_each_fault_is_what_it_says() -> None:
    seen: set[bytes] = set()
    for sent in spoiled_day():
        record = sent.record
        if sent.fault == "garbage":
            with pytest.raises(BadEvent):
                judged(record.value, record.received_at)
            continue
        if sent.fault != "duplicate":
            assert judged(record.value, record.received_at).late == (sent.fault == "late")
        assert (record.value in seen) == (sent.fault == "duplicate")
        seen.add(record.value)


def test_no_faults_are_no_change() -> None:
    sent = list(sent_with_faults(one_day(), FaultMix(), 20))
    assert sent == [Sent(record_of(event), "none") for event in one_day()]


def test_a_parameter_that_does_not_exist_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "simulator.toml"
    wrong.write_text(CONF.read_text().replace("anonymous_per_day", "anonymous_per_hour"))
    with pytest.raises(BadSettings, match=r"simulator\.toml: .*anonymous_per"):
        load_params(wrong)
    with pytest.raises(BadSettings, match="no such simulator file"):
        load_params(tmp_path / "absent.toml")
