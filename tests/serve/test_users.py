"""People over HTTP: one record of the topic per change; the features page shows what live has stored of it."""

from __future__ import annotations

import json

import pytest

from headrace.domain.profile import pack
from headrace.serve.users import OwnWrites
from headrace.stores.ports import ProfileRow
from tests.serve.api import NOW, Api

ANN = {"country": "GB", "region": "Kent", "birth_year": 1984, "segments": ["new"], "language": "en-GB"}


def records(api: Api) -> list[tuple[str, object]]:
    return [
        (key.decode(), None if value is None else json.loads(value)) for key, value, _ in api.log.records["main.users"]
    ]


def let_live_store(api: Api) -> None:
    """What the live service does with the topic."""
    rows = [
        ProfileRow(key.decode(), pack(offset, value), offset)
        for offset, (key, value, _) in enumerate(api.log.records["main.users"])
    ]
    api.run(api.stores.profiles.put(rows))


def test_a_profile_that_was_put_is_one_record_and_on_the_features_page(api: Api) -> None:
    response = api.ask("PUT", "/v1/users/ann", json={**ANN, "signed_up_at": NOW, "consent": True, "gender": None})

    said = {"user_id": "ann", **ANN, "signed_up_at": NOW, "consent": True}
    assert response.json() == said
    assert records(api) == [("ann", said)]
    assert api.get("/v1/people/u:ann/features").json()["profile"] is None  # live has not stored it yet
    let_live_store(api)
    assert api.get("/v1/people/u:ann/features").json()["profile"] == {
        **ANN,
        "gender": None,
        "signed_up_at": NOW,
        "consent": True,
    }


def test_a_session_and_a_stranger_have_no_profile(api: Api) -> None:
    api.ask("PUT", "/v1/users/ann", json=ANN)
    let_live_store(api)

    assert api.get("/v1/people/s:ann/features").json()["profile"] is None
    assert api.get("/v1/people/u:bob/features").json()["profile"] is None


def test_a_patch_goes_on_from_what_is_stored(api: Api) -> None:
    stored = b'{"user_id":"ann","country":"GB","gender":"f","own":1}'
    api.run(api.stores.profiles.put([ProfileRow("ann", pack(41, stored), 1)]))

    patched = api.ask("PATCH", "/v1/users/ann", json={"region": "Kent", "gender": None})

    assert patched.json() == {"user_id": "ann", "country": "GB", "own": 1, "region": "Kent"}
    assert records(api) == [("ann", patched.json())]


def test_a_patch_goes_on_from_this_process_own_write_while_live_is_behind(api: Api) -> None:
    api.ask("PUT", "/v1/users/ann", json={"country": "GB"})
    let_live_store(api)
    api.ask("PATCH", "/v1/users/ann", json={"region": "Kent"})

    patched = api.ask("PATCH", "/v1/users/ann", json={"segments": ["trade", "new"]})

    assert patched.json() == {"user_id": "ann", "country": "GB", "region": "Kent", "segments": ["trade", "new"]}


def test_a_patch_goes_on_from_another_process_newer_write(api: Api) -> None:
    api.ask("PUT", "/v1/users/ann", json={"country": "GB"})
    api.run(api.stores.profiles.put([ProfileRow("ann", pack(9, b'{"user_id":"ann","country":"FR"}'), 1)]))

    assert api.ask("PATCH", "/v1/users/ann", json={"region": "Nord"}).json()["country"] == "FR"


def test_a_patch_of_an_unknown_or_deleted_person_is_404(api: Api) -> None:
    assert api.ask("PATCH", "/v1/users/ann", json={}).status_code == 404
    api.ask("PUT", "/v1/users/ann", json=ANN)
    assert api.ask("DELETE", "/v1/users/ann").status_code == 204
    assert api.ask("PATCH", "/v1/users/ann", json={}).status_code == 404
    let_live_store(api)
    assert api.ask("PATCH", "/v1/users/ann", json={}).status_code == 404
    assert api.get("/v1/people/u:ann/features").json()["profile"] is None
    assert records(api)[-1] == ("ann", None)


def test_many_people_as_an_array_or_as_lines(api: Api) -> None:
    many = [{"user_id": f"p{number}", "birth_year": 1950 + number % 50} for number in range(500)]

    assert api.post("/v1/users", many).json() == {"accepted": 500}
    lines = b"\n".join(json.dumps(one).encode() for one in many)
    headers = {"content-type": "application/x-ndjson"}
    assert api.ask("POST", "/v1/users", content=lines, headers=headers).json() == {"accepted": 500}
    assert records(api)[:500] == records(api)[500:] == [(one["user_id"], one) for one in many]
    assert "headrace_profile_upserts_total 1000" in api.get("/metrics").text


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("country", "gb"),
        ("region", ""),
        ("birth_year", 1899),
        ("birth_year", "1984"),
        ("birth_year", 1984.5),
        ("gender", "x" * 65),
        ("segments", "new"),
        ("language", "english"),
        ("signed_up_at", -1),
        ("consent", "yes"),
        ("nickname", "Annie"),
        ("user_id", "bob"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_nothing_is_kept(api: Api, field: str, odd: object) -> None:
    response = api.ask("PUT", "/v1/users/ann", json={**ANN, field: odd})

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    (error,) = response.json()["errors"]
    assert (error["field"], error["value"]) == (field, odd)
    assert "main.users" not in api.log.records


def test_in_a_list_of_people_the_wrong_one_is_named_by_its_place(api: Api) -> None:
    response = api.post("/v1/users", [{"user_id": "a"}, {"user_id": "b", "segments": ["x", ""]}])

    assert response.json()["errors"][0]["field"] == "[1].segments[1]"
    assert api.post("/v1/users", [{"country": "GB"}]).json()["errors"][0]["field"] == "[0].user_id"
    assert "main.users" not in api.log.records


def test_with_a_dead_store_a_profile_can_be_put_and_deleted_but_not_patched(api: Api) -> None:
    api.lose_stores()

    assert api.ask("PUT", "/v1/users/ann", json=ANN).status_code == 200
    assert api.ask("DELETE", "/v1/users/ann").status_code == 204
    assert api.ask("PATCH", "/v1/users/ann", json=ANN).status_code == 503
    assert api.get("/v1/people/u:ann/features").status_code == 503


def test_a_dead_broker_is_503(api: Api) -> None:
    api.log.switch.down = True

    assert api.ask("PUT", "/v1/users/ann", json=ANN).status_code == 503


def test_own_writes_are_bounded_and_the_oldest_go_first() -> None:
    own = OwnWrites(2)
    own.wrote("a", 5, {})
    own.wrote("b", 6, None)
    own.wrote("a", 7, {"country": "GB"})
    own.wrote("c", 8, {})

    assert own.newer_than("a", 6) == ({"country": "GB"},)
    assert own.newer_than("a", 7) is None
    assert own.newer_than("b", 0) is None


def test_an_older_own_write_does_not_replace_a_newer_one() -> None:
    own = OwnWrites(2)
    own.wrote("a", 7, None)
    own.wrote("a", 6, {})

    assert own.newer_than("a", -1) == (None,)
