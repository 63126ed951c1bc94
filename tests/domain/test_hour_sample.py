from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.hour_sample import MOST_CELLS, rank, sample
from headrace.domain.panes import PANE_MS, entry_key

names = st.tuples(st.integers(0, 900), st.integers(0, 700)).map(
    lambda span: {entry_key((n % 12 * PANE_MS, f"query {n}", "")) for n in range(span[0], span[0] + span[1])}
)


def by_hash(cells: set[str]) -> list[str]:
    return sorted(cells, key=lambda cell: sha256(cell.encode()).hexdigest())


@given(cells=names)
def test_the_cells_of_smallest_hash_are_kept_and_all_of_no_more_than_the_most(cells: set[str]) -> None:
    assert sample(cells) == set(by_hash(cells)[:512])
    if len(cells) <= 512:
        assert sample(cells) == cells


@given(parts=st.lists(names, max_size=6))
def test_a_sample_of_samples_is_the_sample_of_all_whatever_the_grouping(parts: list[set[str]]) -> None:
    kept: set[str] = set()
    for part in parts:
        kept = set(sample(kept | part))
    together = set().union(*parts)
    assert kept == sample(together) == sample(set().union(*map(sample, parts)))


def test_what_a_sample_dropped_it_never_takes_back() -> None:
    few = {f"00:1|{n}|" for n in range(600)}
    many = few | {f"00:1|{n}|" for n in range(600, 5_000)}
    assert not (few - sample(few)) & sample(many)


def test_a_person_who_looks_at_forty_categories_in_every_five_minutes_keeps_them_all() -> None:
    cells = [f"{pane:02d}:2|c{n:02d}|text" for pane in range(12) for n in range(40)]
    assert sample(cells) == set(cells)
    assert len(cells) < MOST_CELLS


def test_a_rank_is_the_hash_of_the_names_bytes() -> None:
    # printf '00:1|é|' | sha256sum
    assert rank("00:1|é|").hex() == "03c910eba2596717492b1945cc0f0d19f7ba10d3e09e1a944983ce7fd5e80b34"
