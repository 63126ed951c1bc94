"""Parts and scores."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.features import COLUMN, FEATURES
from headrace.domain.scoring import WEIGHTS, Weight, Weights, score_parts, scores_of


def table(**columns: list[float]) -> np.ndarray:
    rows = len(next(iter(columns.values())))
    features = np.zeros((rows, len(FEATURES)), dtype=np.float32)
    for name, values in columns.items():
        features[:, COLUMN[name]] = values
    return features


def test_parts_by_hand() -> None:
    weights = Weights((Weight("als", 0.5, "z"), Weight("own_history", 2.0, "max"), Weight("skipped", -1.5, "as_is")))
    # als 1, 2, 3: mean 2, sd √(2/3): ∓1.2247448714; own history 0, 1, 4 of 4
    parts = score_parts(table(als=[1, 2, 3], own_history=[0, 1, 4], skipped=[1, 0, 0]), weights)
    assert parts.tolist() == [[-612_372, 0, -1_500_000], [0, 500_000, 0], [612_372, 2_000_000, 0]]
    assert scores_of(parts).tolist() == [-2_112_372, 500_000, 2_612_372]


def test_a_column_without_differences_says_nothing() -> None:
    parts = score_parts(table(als=[0.1, 0.1, 0.1]), Weights((Weight("als", 1.0, "z"),)))
    assert parts.tolist() == [[0], [0], [0]]


def test_a_source_that_found_nothing_says_nothing_and_no_rows_are_no_scores() -> None:
    parts = score_parts(table(own_history=[0.0, 0.0]), WEIGHTS)
    assert not parts.any()
    assert score_parts(np.zeros((0, len(FEATURES)), dtype=np.float32), WEIGHTS).shape == (0, len(WEIGHTS.parts))


def test_rounding_is_half_to_even() -> None:
    weights = Weights((Weight("popularity", 0.5e-6, "as_is"),))
    assert score_parts(table(popularity=[1.0, 3.0, 5.0]), weights).ravel().tolist() == [0, 2, 2]


def test_another_table_of_weights_has_another_id() -> None:
    other = Weights((*WEIGHTS.parts[:-1], Weight("here_and_now", -4.5, "as_is")))
    assert other.id != WEIGHTS.id == Weights(WEIGHTS.parts).id


@settings(max_examples=30)
@given(
    st.lists(
        st.lists(st.floats(-100, 100, width=32), min_size=len(FEATURES), max_size=len(FEATURES)),
        min_size=1,
        max_size=20,
    )
)
def test_a_score_is_the_sum_of_its_parts_and_rows_do_not_care_for_their_order(rows: list[list[float]]) -> None:
    features = np.array(rows, dtype=np.float32)
    parts = score_parts(features, WEIGHTS)
    assert scores_of(parts).tolist() == [sum(row) for row in parts.tolist()]
    bounded = [place for place, part in enumerate(WEIGHTS.parts) if part.scale != "z"]
    assert (score_parts(features[::-1], WEIGHTS)[::-1, bounded] == parts[:, bounded]).all()
