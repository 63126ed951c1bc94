"""GET /v1/trending, and what trends do to a list."""

from __future__ import annotations

import pytest

from headrace.domain.decision import answer_again, decode
from headrace.domain.trend_lists import id_of, pack
from headrace.domain.trends import Ranked, Trends
from headrace.serve.trend_feed import STALE_MS
from headrace.stores.ports import Published
from tests.serve.api import NOW, Api, items_of

NOTHING = Ranked((), ())
TRENDS = Trends(
    {
        ("5m", "popular"): Ranked(("mug",), (1_000_000,)),
        ("5m", "rising"): NOTHING,
        ("5m", "click_through"): NOTHING,
        ("1h", "popular"): Ranked(("bowl", "stranger", "mug", "novel"), (7_000_000, 6_000_000, 3_000_000, 1_000_000)),
        ("1h", "rising"): Ranked(("novel",), (2_500_000,)),
        ("1h", "click_through"): NOTHING,
        ("1d", "popular"): Ranked(("lamp",), (9_000_000,)),
        ("1d", "click_through"): Ranked(("lamp", "bowl"), (80_000, 20_000)),
    },
    {"5m": 0, "1h": 0, "1d": 40_000},
)


def publish(api: Api, trends: Trends = TRENDS, ago_ms: int = 3_000, write_us: int = 1) -> str:
    packed = pack(trends)
    api.run(api.stores.trends.publish(Published(id_of(packed), NOW - ago_ms), packed, write_us))
    api.refresh()
    return id_of(packed)


def test_the_popular_items_of_the_last_hour_that_the_catalogue_knows(api: Api) -> None:
    snapshot = publish(api)
    answer = api.get("/v1/trending").json()
    assert [(one["item_id"], one["score_micro"], one["place"]) for one in answer["items"]] == [
        ("bowl", 7_000_000, 0),
        ("mug", 3_000_000, 1),
        ("novel", 1_000_000, 2),
    ]
    assert (answer["window"], answer["kind"], answer["until_ms"], answer["age_ms"]) == (
        "1h",
        "popular",
        NOW - 3000,
        3000,
    )
    assert answer["versions"]["trends"] == snapshot
    assert answer["degraded"] == []
    assert answer["items"][0]["title"] == "A bowl"
    assert answer["items"][0]["price_minor"] == 900


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("window=5m", ["mug"]),
        ("window=1d&kind=click_through", ["lamp", "bowl"]),
        ("kind=rising", ["novel"]),
        ("category=kitchen", ["bowl", "mug"]),
        ("category=kitchen&limit=1", ["bowl"]),
        ("category=toys", []),
        ("window=5m&kind=rising", []),
    ],
)
def test_window_kind_category_and_limit(api: Api, query: str, expected: list[str]) -> None:
    publish(api)
    assert items_of(api.get(f"/v1/trending?{query}").json()) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("window=2h", "window"),
        ("kind=best", "kind"),
        ("window=1d&kind=rising", "window"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("category=", "category"),
        (f"category={'x' * 300}", "category"),
        ("windows=1h", "windows"),
    ],
)
def test_a_wrong_parameter_is_a_problem_that_names_it(api: Api, query: str, field: str) -> None:
    response = api.get(f"/v1/trending?{query}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert [one["field"] for one in response.json()["errors"]] == [field]


def test_before_the_first_publication_the_models_popularity_stands_in_and_says_so(api: Api) -> None:
    answer = api.get("/v1/trending?limit=2").json()
    assert [(one["item_id"], one["source"], one["score_micro"]) for one in answer["items"]] == [
        ("lamp", "popularity", 0),
        ("novel", "popularity", 0),
    ]
    assert (answer["until_ms"], answer["age_ms"], answer["versions"]["trends"]) == (None, None, "none")
    assert [one["stage"] for one in answer["degraded"]] == ["trends"]


def test_a_lost_publisher_shows_as_age_and_its_trends_rank_nothing_any_more(api: Api) -> None:
    snapshot = publish(api, ago_ms=0)
    api.clock.at_ms = NOW + STALE_MS
    fresh = api.recommend(limit=4)
    assert (fresh["freshness"]["trends"], fresh["versions"]["trends"], fresh["degraded"]) == (STALE_MS, snapshot, [])
    assert any("trending" in one["parts"] for one in fresh["items"])

    api.clock.at_ms += 1
    stale = api.recommend(limit=4)
    assert (stale["freshness"]["trends"], stale["versions"]["trends"]) == (STALE_MS + 1, "none")
    assert [one["stage"] for one in stale["degraded"]] == ["trends"]
    assert not any("trending" in one["parts"] for one in stale["items"])
    listed = api.get("/v1/trending").json()
    assert items_of(listed) == ["bowl", "mug", "novel"]
    assert [one["stage"] for one in listed["degraded"]] == ["trends"]


def test_a_lost_store_is_never_an_error_and_says_why_once_it_matters(api: Api) -> None:
    publish(api, ago_ms=0)
    api.lose_stores()
    api.clock.at_ms = NOW + STALE_MS + 1
    api.refresh()
    response = api.get("/v1/trending")
    assert response.status_code == 200
    assert items_of(response.json()) == ["bowl", "mug", "novel"]
    assert "unavailable" in response.json()["degraded"][0]["why"]


def test_lists_of_another_version_are_not_served_and_the_ones_before_are(api: Api) -> None:
    publish(api)
    api.run(api.stores.trends.publish(Published("t-next", NOW), b"of another version", 2))
    api.refresh()
    assert items_of(api.get("/v1/trending").json()) == ["bowl", "mug", "novel"]
    assert "not packed trends" in (api.service.served.trends.trouble or "")


def test_what_trends_lifts_an_item_and_the_decision_can_be_made_again(api: Api) -> None:
    before = items_of(api.recommend(limit=4))
    assert before == ["lamp", "novel", "mug", "bowl"]
    publish(api)
    after = api.recommend(limit=4)
    # lamp log 41 / log 41 + 0.1; novel log 31 / log 41 = 0.925 + 0.1; mug 0.82 + 0.2; bowl 0.65 + 0.3
    assert items_of(after) == ["lamp", "novel", "mug", "bowl"]
    parts = {one["item_id"]: one["parts"] for one in after["items"]}
    assert parts["bowl"]["trending"] == 300_000  # 0.3 · log 8 / log 8
    assert parts["mug"]["trending"] == 200_000  # 0.3 · log 4 / log 8
    assert parts["lamp"]["click_through"] == 100_000  # 0.2 · (1 − 4/8)
    assert "click_through" not in parts["bowl"], "below the average"

    record = decode(api.logged_decisions()[-1])
    assert record["trends"]["id"] == after["versions"]["trends"]
    plain = api.service.served.current
    publish(api, Trends({**TRENDS.lists, ("1h", "popular"): NOTHING}, TRENDS.rates), write_us=2)
    assert api.service.served.current.trends.id != plain.trends.id
    again = answer_again(record, api.service.served.current)
    assert [slot.item for slot in again.slots] == items_of(after)
    assert [slot.score for slot in again.slots] == [one["score_micro"] for one in after["items"]]


def test_trends_follow_a_catalogue_and_a_model_that_change(api: Api) -> None:
    publish(api)
    api.ask("PUT", "/v1/items/stranger", json={"title": "Known now"})
    api.refresh()
    assert items_of(api.get("/v1/trending").json()) == ["bowl", "stranger", "mug", "novel"]
    stranger = next(one for one in api.recommend(limit=5)["items"] if one["item_id"] == "stranger")
    assert stranger["parts"]["trending"] > 0
    assert api.get("/readyz").json()["trends"] == api.service.served.trends.id
    assert "headrace_trends_age_ms 3000" in api.get("/metrics").text
