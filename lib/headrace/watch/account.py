"""Whether every raw record is accounted for: received = rejected + no_consent + late + duplicate + counted.

Tables in, an Account out: no reads (account_inputs.py), no printing (commands/account.py). Over distinct src, the first
term that applies in this order, per raw partition and hour of the raw record's append.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headrace.domain.panes import HOUR_MS, hour_of
from headrace.moments import utc

SRC: Final = ("raw_generation", "raw_partition", "raw_offset")
LEDGER_COLUMNS: Final = (
    *SRC, "src_ms", "person", "event_id", "occurred_at", "late", "clean_partition", "clean_offset",
)  # fmt: skip
REJECTED_COLUMNS: Final = (*SRC, "src_ms", "reason", "rejected_partition", "rejected_offset")
TERMS: Final = ("rejected", "no_consent", "late", "duplicate", "counted")

Hour = tuple[str, int]
"""('<generation>:<raw partition>', start of the hour in ms)."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is compared. Offsets are of the current generation's topic; `end` is the offset of its next record.

    ledger, rejected   LEDGER_COLUMNS and REJECTED_COLUMNS
    hot_counts         what the hot query counted per Hour
    raw_range          raw partition ('<generation>:<n>') → (first offset that the broker still has, end)
    drained            the tables and the hot query have everything that ingest wrote, and nothing moved meanwhile
    closed_before_ms   hours that start earlier get no more records, and the tables and the hot query have all of theirs
    since_ms           records that were appended earlier are not judged; theirs are only what a later one may repeat
    ingested           raw partition → how far ingest says that it has read; all before that it has written
    """

    ledger: pa.Table
    rejected: pa.Table
    hot_counts: Mapping[Hour, int]
    raw_range: Mapping[str, tuple[int, int]]
    drained: bool
    closed_before_ms: int = 0
    ingested: Mapping[str, int] = field(default_factory=dict)
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """`hours`: per Hour each of TERMS, 'received' and 'hot'. `missing`: raw partition → ranges [begin, end) not seen.

    `drained`: every raw record has arrived everywhere, so nothing is pending.
    `faults` and `pending` are sentences: what does not add up, and what does not add up yet.
    `repairs`: whole hours [from, to) in which events occurred that the ledger has and the hot query did not count, such
    as came behind its horizon; rebuilt from the ledger they count.
    """

    hours: Mapping[Hour, Mapping[str, int]]
    missing: Mapping[str, tuple[tuple[int, int], ...]]
    conflicts: int
    drained: bool
    faults: tuple[str, ...] = field(default=())
    pending: tuple[str, ...] = field(default=())
    repairs: tuple[tuple[int, int], ...] = field(default=())

    @property
    def totals(self) -> Mapping[str, int]:
        """Each column of `hours`, summed."""
        return {name: sum(row[name] for row in self.hours.values()) for name in ("received", *TERMS, "hot")}


def account(inputs: Inputs) -> Account:
    """Sort every distinct src into its term, and compare with the broker's offsets and the hot query's counts.

    What does not add up is a fault in a closed hour, and once drained in every hour; until then it is pending. Raw
    records after all that were seen are on their way through ingest, unless it says that it has passed them.
    One src with two terms is a fault always.
    """
    ledger, rejected = _distinct_src(inputs.ledger, "clean"), _distinct_src(inputs.rejected, "rejected")
    of_ledger = _ledger_terms(ledger)
    terms = pa.concat_tables([of_ledger, _rejected_terms(rejected)])
    terms = terms.filter(pc.greater_equal(terms["src_ms"], inputs.since_ms))
    hot_counts = {hour: counted for hour, counted in inputs.hot_counts.items() if hour[1] >= inputs.since_ms}
    received = _count(terms.group_by(list(SRC), use_threads=False).aggregate([("src_ms", "min")]), "src_ms_min")
    by_term = {term: _count(terms.filter(pc.equal(terms["term"], term)), "src_ms") for term in TERMS}
    hours = {
        hour: {"received": received.get(hour, 0)}
        | {term: by_term[term].get(hour, 0) for term in TERMS}
        | {"hot": hot_counts.get(hour, 0)}
        for hour in sorted(received.keys() | hot_counts.keys())
    }
    missing = _missing(terms, inputs.raw_range)
    twice = tuple(
        f"{name} hour {hour}: {sum(row[t] for t in TERMS) - row['received']} records are both events and rejected"
        for (name, hour), row in hours.items()
        if sum(row[term] for term in TERMS) != row["received"]
    )
    settled = _settled(terms, inputs)
    lost = {n: tuple(gap for gap in gaps if gap[0] < settled.get(n, 0)) for n, gaps in missing.items()}
    on_the_way = {n: tuple(gap for gap in gaps if gap[0] >= settled.get(n, 0)) for n, gaps in missing.items()}
    judged = {hour: row for hour, row in hours.items() if inputs.drained or hour[1] < inputs.closed_before_ms}
    still_open = {hour: row for hour, row in hours.items() if hour not in judged}
    pending = (*_not_seen(on_the_way), *_not_as_hot_counted(still_open))
    return Account(
        hours,
        missing,
        _conflicts(ledger),
        drained=inputs.drained and not pending,
        faults=(*twice, *_not_seen(lost), *_not_as_hot_counted(judged)),
        pending=pending,
        repairs=_uncounted(ledger.filter(pc.equal(of_ledger["term"], "counted")), judged),
    )


def _settled(terms: pa.Table, inputs: Inputs) -> dict[str, int]:
    """Raw partition → the offset before which every record must have been seen."""
    known = terms if inputs.drained else terms.filter(pc.less(terms["src_ms"], inputs.closed_before_ms))
    newest = known.group_by(list(SRC[:2])).aggregate([("raw_offset", "max")]).to_pylist()
    settled = {f"{row[SRC[0]]}:{row[SRC[1]]}": row["raw_offset_max"] + 1 for row in newest}
    passed = inputs.ingested if inputs.drained else {}
    return {name: max(settled.get(name, 0), passed.get(name, 0)) for name in settled.keys() | passed.keys()}


def _distinct_src(table: pa.Table, topic: str) -> pa.Table:
    """One row per src: its first in the order of the topic that brought it; a killed ingest writes a src again."""
    ordered = table.sort_by([(f"{topic}_partition", "ascending"), (f"{topic}_offset", "ascending")])
    return ordered.take(_firsts(ordered, SRC))


def _firsts(ordered: pa.Table, key: tuple[str, ...]) -> pa.Array:
    """Places of the first row of each key, in the table's order."""
    places = ordered.select(list(key)).append_column("place", pa.array(np.arange(ordered.num_rows)))
    firsts = places.group_by(list(key), use_threads=False).aggregate([("place", "min")])["place_min"]
    return pa.array(np.sort(firsts.to_numpy()))


def _ledger_terms(ledger: pa.Table) -> pa.Table:
    late = ledger["late"].to_numpy()
    on_time = np.flatnonzero(~late)
    firsts = _firsts(ledger.take(pa.array(on_time)), ("person", "event_id", "occurred_at")).to_numpy()
    term = np.where(late, "late", "duplicate").astype(object)
    term[on_time[firsts]] = "counted"
    return ledger.select([*SRC, "src_ms"]).append_column("term", pa.array(term, pa.string()))


def _rejected_terms(rejected: pa.Table) -> pa.Table:
    term = pc.if_else(pc.equal(rejected["reason"], "no_consent"), "no_consent", "rejected")
    return rejected.select([*SRC, "src_ms"]).append_column("term", term.cast(pa.string()))


def _count(rows: pa.Table, appended: str) -> dict[Hour, int]:
    """Rows per Hour."""
    ms = rows[appended].to_numpy()
    keyed = rows.select(["raw_generation", "raw_partition"]).append_column("hour", pa.array(ms - ms % HOUR_MS))
    counts = keyed.group_by(["raw_generation", "raw_partition", "hour"]).aggregate([([], "count_all")])
    return {
        (f"{row['raw_generation']}:{row['raw_partition']}", row["hour"]): row["count_all"] for row in counts.to_pylist()
    }


def _missing(terms: pa.Table, raw_range: Mapping[str, tuple[int, int]]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Offsets between the oldest known and the end that are in no table. Older generations end at their newest seen."""
    seen: dict[str, NDArray[np.int64]] = {}
    for generation, partition in set(zip(*(terms[name].to_pylist() for name in SRC[:2]), strict=True)):
        of_partition = pc.and_(pc.equal(terms[SRC[0]], generation), pc.equal(terms[SRC[1]], partition))
        seen[f"{generation}:{partition}"] = np.unique(terms.filter(of_partition)["raw_offset"].to_numpy())
    return {name: _gaps(seen.get(name), raw_range.get(name)) for name in sorted(seen.keys() | raw_range.keys())}


def _gaps(offsets: NDArray[np.int64] | None, broker: tuple[int, int] | None) -> tuple[tuple[int, int], ...]:
    known = np.empty(0, np.int64) if offsets is None else offsets
    begin, end = broker if broker is not None else (int(known[0]), int(known[-1]) + 1)
    first = min(begin, int(known[0])) if len(known) else begin
    edges = np.concatenate([[first - 1], known[known < end], [end]])
    holes = np.flatnonzero(np.diff(edges) > 1)
    return tuple((int(edges[hole]) + 1, int(edges[hole + 1])) for hole in holes)


def _not_seen(missing: Mapping[str, tuple[tuple[int, int], ...]]) -> tuple[str, ...]:
    return tuple(
        f"{name}: {sum(end - begin for begin, end in ranges)} raw records in no table, from offset {ranges[0][0]}"
        for name, ranges in missing.items()
        if ranges
    )


def _not_as_hot_counted(hours: Mapping[Hour, Mapping[str, int]]) -> tuple[str, ...]:
    return tuple(
        f"{name} hour {utc(hour)}: the ledger counts {row['counted']}, the hot query counted {row['hot']}"
        for (name, hour), row in hours.items()
        if row["counted"] != row["hot"]
    )


def _uncounted(counted: pa.Table, hours: Mapping[Hour, Mapping[str, int]]) -> tuple[tuple[int, int], ...]:
    """When that occurred which was appended in hours of which the hot query counted less, as whole hours, joined."""
    ms = counted["src_ms"].to_numpy()
    keyed = counted.append_column("hour", pa.array(ms - ms % HOUR_MS))
    key = [*SRC[:2], "hour"]
    spans = keyed.group_by(key).aggregate([("occurred_at", "min"), ("occurred_at", "max")]).to_pylist()
    wanted = {hour for hour, row in hours.items() if row["hot"] < row["counted"]}
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(
        (hour_of(row["occurred_at_min"]), hour_of(row["occurred_at_max"]) + HOUR_MS)
        for row in spans
        if (f"{row[SRC[0]]}:{row[SRC[1]]}", row["hour"]) in wanted
    ):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple(joined)


def _conflicts(ledger: pa.Table) -> int:
    """Ids that one person used for several moments: events of their own, and worth a look at the sender."""
    moments = ledger.group_by(["person", "event_id"]).aggregate([("occurred_at", "count_distinct")])
    return int(pc.sum(pc.greater(moments["occurred_at_count_distinct"], 1)).as_py() or 0)
