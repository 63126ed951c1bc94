"""Events that came without consent: what was served is in the record, what was viewed is not."""

import pytest

from headrace.domain.decision import answer_again, canonical
from headrace.domain.here import Here
from headrace.domain.record import Record
from tests.domain.small import event, inputs
from tests.domain.test_decision import SMALL, full, record


def test_where_an_event_was_that_may_not_be_kept_is_not_kept_either() -> None:
    asked = full(context=(event("view", "pot"),), here=Here(hour=8, weekday=0))
    assert "here" in record(asked)
    assert "here" not in record(asked, context_kept=False)


def test_without_consent_the_record_does_not_tell_one_viewed_item_from_another() -> None:
    def redacted(item: str) -> Record:
        asked = inputs(limit=4, context=(event("view", item, category="kitchen"),))
        return record(asked, context_kept=False, with_features=True)

    mug, odd = redacted("mug"), redacted("odd")
    served = {"slots", "steps", "response_hash"}  # the list itself is what the person saw
    assert {name: mug[name] for name in mug if name not in served} == {
        name: odd[name] for name in odd if name not in served
    }
    assert "features" not in mug
    assert (mug["pool"], mug["context"]) == ({"gaps": [], "added": [], "sources": [], "scores": {}}, {})
    assert mug["slots"]
    for slot in (*mug["slots"], *odd["slots"]):
        assert (slot["score"], slot["parts"], slot["sources"]) == (0, [], [])


def test_events_that_came_without_consent_are_not_in_the_record_which_says_so() -> None:
    asked = full(context=(event("view", "pot", 0, event_id="secret"),))
    kept, dropped = record(asked), record(asked, context_kept=False)
    assert "secret" in canonical(kept)
    assert "secret" not in canonical(dropped)
    assert (kept["context_kept"], dropped["context_kept"]) == (True, False)
    with pytest.raises(ValueError, match="without consent"):
        answer_again(dropped, SMALL)
    assert record(full(), context_kept=False)["context_kept"]  # nothing came, nothing is missing
