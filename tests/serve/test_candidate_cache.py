"""Candidates are read once per person and model version, and are there while the store is not."""

from __future__ import annotations

import pytest

from headrace.domain.candidates import unpack
from headrace.domain.events import Person
from headrace.serve.candidate_cache import CandidateCache
from tests.serve.api import VERSION, Api, candidates, viewed

ANN, BOB, CAT = Person("u:ann"), Person("u:bob"), Person("u:cat")
FOUND = unpack(candidates("bowl"))


def test_who_has_not_asked_for_the_longest_time_is_forgotten_first() -> None:
    cache = CandidateCache(2)
    cache.keep(ANN, "m1", FOUND)
    cache.keep(BOB, "m1", FOUND)
    assert cache.get(ANN, "m1") is FOUND
    cache.keep(CAT, "m1", FOUND)
    assert [cache.get(person, "m1") is FOUND for person in (ANN, BOB, CAT)] == [True, False, True]


def test_each_model_version_has_its_own() -> None:
    cache = CandidateCache(2)
    cache.keep(ANN, "m1", FOUND)
    assert cache.get(ANN, "m2") is None


def test_a_cache_of_nobody_keeps_nothing() -> None:
    cache = CandidateCache(0)
    cache.keep(ANN, "m1", FOUND)
    assert cache.get(ANN, "m1") is None


def test_the_store_is_asked_once_and_the_answer_is_the_same(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.run(api.stores.candidates.put(VERSION, [(ANN, candidates("bowl"))]))
    first = api.recommend(user_id="ann")

    async def asked_again(*_: object) -> bytes | None:
        raise AssertionError("candidates were read a second time")

    monkeypatch.setattr(type(api.stores.candidates), "get", asked_again)
    second = api.recommend(user_id="ann")

    assert second["items"] == first["items"]
    assert second["versions"]["candidates"] == VERSION


def test_absence_is_asked_for_again(api: Api) -> None:
    assert api.recommend(user_id="ann")["versions"]["candidates"] is None
    api.run(api.stores.candidates.put(VERSION, [(ANN, candidates("bowl"))]))
    assert api.recommend(user_id="ann")["versions"]["candidates"] == VERSION


def test_kept_candidates_are_no_fallback_while_the_stores_are_lost(api: Api) -> None:
    api.happened(viewed("mug"))
    api.run(api.stores.candidates.put(VERSION, [(ANN, candidates("bowl"))]))
    api.recommend(user_id="ann")
    api.lose_stores()

    answer = api.recommend(user_id="ann")

    assert [part["stage"] for part in answer["degraded"]] == ["tail", "panes"]
    assert {item["item_id"]: item["sources"][0] for item in answer["items"]}["bowl"] == "als"
