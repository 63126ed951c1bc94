"""The boundaries of finished sessions: each fault by hand, and none in what the law makes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.boundaries import ABSURD_MS, Boundaries, check_boundaries
from headrace.domain.events import SESSION_GAP_MS

GAP = SESSION_GAP_MS


def checked(*sessions: tuple[int, int, int, int]) -> Boundaries:
    return check_boundaries(*np.array(sessions, dtype=np.int64).reshape(-1, 4).T)


def test_no_sessions_have_no_faults() -> None:
    assert checked() == Boundaries(sessions=0, overlapping=0, gapped=0, absurd=0)


def test_sessions_of_one_key_must_be_more_than_the_idle_time_apart() -> None:
    assert checked((1, 0, 10, 2), (1, 11 + GAP, 12 + GAP, 2)).overlapping == 0
    assert checked((1, 11 + GAP, 12 + GAP, 2), (1, 0, 11, 2)).overlapping == 1
    assert checked((1, 0, 100, 2), (1, 10, 20, 2)).overlapping == 1
    assert checked((1, 0, 10, 2), (1, 0, 10, 2)).overlapping == 1, "the same session twice"


def test_sessions_of_different_keys_may_overlap() -> None:
    assert checked((1, 0, 100, 2), (2, 10, 20, 2)) == Boundaries(sessions=2, overlapping=0, gapped=0, absurd=0)


def test_a_session_longer_than_its_events_can_bridge_has_a_gap_inside() -> None:
    assert checked((1, 0, 2 * GAP, 3)).gapped == 0
    assert checked((1, 0, 2 * GAP + 1, 3)).gapped == 1
    assert checked((1, 0, 1, 1)).gapped == 1
    assert checked((1, 1, 0, 5)).gapped == 1, "it ends before it begins"


def test_more_than_a_day_is_absurd() -> None:
    assert checked((1, 0, ABSURD_MS, 1_000)).absurd == 0
    assert checked((1, 0, ABSURD_MS + 1, 1_000)) == Boundaries(sessions=1, overlapping=0, gapped=0, absurd=1)


moments = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20 * GAP)), min_size=1, max_size=40)


@given(moments, st.randoms(use_true_random=False))
def test_what_the_law_makes_passes_and_a_session_cut_in_two_does_not(rows, random) -> None:
    runs: list[list[tuple[int, int]]] = []
    for key, at in sorted(rows):
        if not runs or runs[-1][-1][0] != key or at - runs[-1][-1][1] > GAP:
            runs.append([])
        runs[-1].append((key, at))
    sessions = [(run[0][0], run[0][1], run[-1][1], len(run)) for run in runs]
    random.shuffle(sessions)
    found = checked(*sessions)
    assert (found.sessions, found.overlapping, found.gapped) == (len(runs), 0, 0)
    longest = max(runs, key=len)
    if len(longest) > 1:
        halves = longest[:1], longest[1:]
        cut = [(half[0][0], half[0][1], half[-1][1], len(half)) for half in halves]
        assert checked(*(s for s in sessions if s[:2] != longest[0]), *cut).overlapping == 1
