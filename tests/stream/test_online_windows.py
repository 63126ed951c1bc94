"""Windows summed from panes at a clock, against the loop over raw events that judges the final ones too."""

from __future__ import annotations

import numpy as np
import pytest

from headrace.domain.facts import merge_all
from headrace.domain.windows import windows_at
from tests.stream import oracle
from tests.stream.logs import START, random_log


def online(log, person, clock):
    cells = oracle.panes(log, "GBP")
    panes = {(pane, *names): np.array(f) for (grain, owner, pane, *names), f in cells.items() if grain == "user"
             and owner == person}  # fmt: skip
    return {
        name: {cell: [*facts[:-1].tolist(), 0] for cell, facts in found.items()}  # finals do not tell where
        for name, found in windows_at(panes, clock).items()
    }


def recounted(log, person, clock):
    """The oracle's windows of this person that the clock is in; of the local ones those of today's date."""
    pane = clock // 300_000 * 300_000
    found = {key[1:]: facts for key, facts in oracle.windows(log, "GBP").items() if key[0] == person}
    told = [
        (event.occurred_at // 300_000, event.tz_offset_min)
        for event in (record.event for record in oracle.counted(log))
        if event.person == person and event.tz_offset_min is not None
    ]
    ends = {"5m": pane + 300_000, "1h": pane + 300_000, "1d": pane // 86_400_000 * 86_400_000 + 86_400_000}
    expected = {kind: {} for kind in (*ends, "1d_local")}
    local = {}
    for (category, content_type, kind, start, end), facts in found.items():
        if end == ends.get(kind):
            expected[kind][category, content_type] = facts
        if kind == "1d_local" and date(start, facts[oracle.OFFSET]) == date(pane, max(told)[1]):
            local.setdefault((category, content_type), []).append(np.array(facts))
    expected["1d_local"] = {cell: merge_all(parts).tolist() for cell, parts in local.items()}
    return expected


def date(ms, offset_min):
    return (ms + offset_min * 60_000) // 86_400_000


@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize("minutes", [20, 65, 104, 106, 110, 239])  # of the log; midnight in UTC comes at 105
def test_the_sums_at_a_clock_equal_the_recount_of_what_has_happened(seed, minutes):
    clock = START + minutes * 60_000
    until = clock // 300_000 * 300_000 + 300_000
    log = [record for record in random_log(seed) if record.event.occurred_at < until]
    people = sorted({record.event.person for record in log})
    assert len(people) == 6
    for person in people:
        assert online(log, person, clock) == recounted(log, person, clock)
