"""The demo's story as text for a terminal of 80 columns. It asks nobody anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headrace.local.demo import Move, Story
from headrace.local.wire import WireItem
from headrace.serve.wire import RankedItem

WIDTH = 80


def page(story: Story, catalogue: Mapping[str, WireItem]) -> RenderableType:
    """Before, what happened, after, why, and how long it took."""
    cast = story.cast
    return Group(
        Text(f"\n{cast.user_id} cares for {', '.join(cast.cares_for)}. The list before:", style="bold"),
        _before(story, catalogue),
        Text(f"\nThen three events, about {cast.category}:", style="bold"),
        *(Text(f"  {line}") for line in _deeds(story, catalogue)),
        Text("\nThe list after:", style="bold"),
        _after(story, catalogue),
        Text(f"\n{summary(story)}", style="bold"),
        Text(timing(story)),
    )


def arrow(move: Move) -> str:
    """How a place came about: `▲ 3`, `▼ 1`, `·` where nothing moved, `new` for what was not among the shown.

    >>> from headrace.serve.wire import RankedItem
    >>> item = RankedItem("i", None, 2, 0, (), {})
    >>> arrow(Move(item, 5)), arrow(Move(item, 1)), arrow(Move(item, 2)), arrow(Move(item, None))
    ('▲ 3', '▼ 1', '·', 'new')
    """
    if move.was is None:
        return "new"
    up = move.was - move.item.place
    return f"▲ {up}" if up > 0 else f"▼ {-up}" if up < 0 else "·"


def why(item: RankedItem) -> str:
    """What put the item there: the item of theirs that it depends on, else its largest part."""
    if item.because is not None:
        return item.because.title or item.because.item_id
    return max(item.parts.items(), key=lambda part: part[1], default=("", 0))[0].replace("_", " ")


def without(item: RankedItem) -> str:
    """Its place if that item of theirs had never been: `14`, or `gone`; empty where it depends on none."""
    if item.because is None:
        return ""
    return "gone" if item.because.without is None else str(item.because.without + 1)


def summary(story: Story) -> str:
    """One sentence on what the three events changed."""
    new = sum(move.was is None for move in story.moves)
    moved = sum(move.was is not None and move.was != move.item.place for move in story.moves)
    return f"{new} of {len(story.moves)} items are new in the list, {moved} moved."


def timing(story: Story) -> str:
    """How long it took, and with what."""
    return (
        f"{story.visible_ms:.0f} ms from sending the events to a list that had seen them"
        f" ({story.acknowledged_ms:.0f} ms of it\nuntil Kafka had them); model {story.after.versions.model}"
    )


def _before(story: Story, catalogue: Mapping[str, WireItem]) -> Table:
    table = _table("place", "item", "category", "source")
    for item in story.before.items:
        table.add_row(str(item.place + 1), _title(item), _category(item, catalogue), _sources(item))
    return table


def _after(story: Story, catalogue: Mapping[str, WireItem]) -> Table:
    table = _table("place", "", "item", "category", "because of", "else")
    for move in story.moves:
        item, colour = move.item, "green" if move.was is None or move.was > move.item.place else "default"
        about = Text(
            _category(item, catalogue), style="bold" if _category(item, catalogue) == story.cast.category else ""
        )
        table.add_row(
            str(item.place + 1), Text(arrow(move), style=colour), _title(item), about, why(item), without(item)
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", width=WIDTH, pad_edge=False)
    for name in columns:
        wide = name in ("item", "because of", "source")
        table.add_column(name, no_wrap=True, overflow="ellipsis", ratio=1 if wide else None)
    return table


def _deeds(story: Story, catalogue: Mapping[str, WireItem]) -> Iterator[str]:
    for verb, item_id in zip(("looks at", "looks at", "puts into the cart"), story.cast.items, strict=True):
        item = catalogue[item_id]
        price = "" if item.price_minor is None else f", {item.price_minor / 100:.2f} {item.currency}"
        yield f"{verb} {item.title}{price}"


def _title(item: RankedItem) -> str:
    return item.title or item.item_id


def _category(item: RankedItem, catalogue: Mapping[str, WireItem]) -> str:
    known = catalogue.get(item.item_id)
    return (known.category if known else None) or ""


def _sources(item: RankedItem) -> str:
    """The first source by name, and how many more there are."""
    names = [source.replace("_", " ") for source in item.sources]
    return names[0] + (f" + {len(names) - 1}" if len(names) > 1 else "") if names else ""
