"""One visit played out: pages shown, what is opened, liked, carted, watched, bought. The visit's seed decides all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from headrace.local.simulator.goods import Floats, Goods
from headrace.local.simulator.params import Params
from headrace.local.simulator.visits import MINUTE_MS, Visit, utility
from headrace.local.wire import WireEvent

PRICED: Final = ("view", "cart", "purchase")


@dataclass(slots=True)
class _Playing:
    """A visit under way: the moment it has reached, what it did so far, what lies in the cart. Lives in play() only."""

    visit: Visit
    goods: Goods
    rng: np.random.Generator
    now_ms: int
    events: list[WireEvent] = field(default_factory=list)
    cart: dict[int, float] = field(default_factory=dict)

    def wait(self, mean_s: float) -> None:
        self.now_ms += 200 + int(self.rng.exponential(mean_s * 1000))

    def chance(self, log_odds: float) -> bool:
        return bool(self.rng.random() < 1.0 / (1.0 + np.exp(-log_odds)))

    def say(
        self,
        kind: str,
        index: int | None,
        value: float | None = None,
        position: int | None = None,
        query: str | None = None,
    ) -> None:
        person = self.visit.person
        item = None if index is None else self.goods.items[index]
        priced = item if kind in PRICED else None
        self.events.append(
            WireEvent(
                event_id=f"{self.visit.session_id}-{len(self.events)}",
                kind=kind,
                occurred_at=self.now_ms,
                received_at=self.now_ms + 40 + min(2_000, int(self.rng.exponential(150))),
                user_id=person.user_id,
                session_id=self.visit.session_id,
                item_id=item.item_id if item else None,
                value=value,
                price_minor=priced.price_minor if priced else None,
                currency=priced.currency if priced else None,
                category=item.category if item else None,
                content_type=item.content_type if item else None,
                device=person.device,
                place=person.place,
                tz_offset_min=person.tz_offset_min,
                position=position,
                query=query,
            )
        )


def play(params: Params, goods: Goods, visit: Visit) -> list[WireEvent]:
    """Every event of a visit, in order of occurrence; what would outlast the longest visit never happens."""
    wants = utility(params, goods, visit)
    playing = _Playing(visit, goods, np.random.default_rng(visit.seed), visit.started_ms)
    ends_ms = visit.started_ms + params.visit.max_minutes * MINUTE_MS
    if playing.rng.random() < params.visit.search_rate:
        _search(playing, params)
    pull = goods.log_exposure + params.visit.page_pull * (goods.category == visit.category)
    seen = np.zeros(len(goods.items), dtype=np.bool_)
    for _ in range(1 + int(playing.rng.poisson(params.visit.pages - 1))):
        if playing.now_ms >= ends_ms:
            break
        page = _page(playing.rng, np.where(seen, -np.inf, pull), params.visit.page_items)
        seen[page] = True
        for position, index in enumerate(page):
            playing.say("impression", int(index), position=position)
        opened = _look(playing, params, wants, page)
        if opened is not None:
            like_it = (goods.places * goods.places[opened]).sum(axis=1)
            pull = goods.log_exposure + params.visit.page_pull * (goods.category == visit.category)
            pull = pull + params.visit.related_pull * like_it
    _check_out(playing, params, wants)
    return [event for event in playing.events if event.occurred_at < ends_ms]


def _page(rng: np.random.Generator, pull: Floats, size: int) -> list[int]:
    """`size` items drawn without replacement with log odds `pull` (Gumbel's trick), the strongest first."""
    drawn = pull + rng.gumbel(size=len(pull))
    return [int(index) for index in np.argsort(-drawn, kind="stable")[:size]]


def _search(playing: _Playing, params: Params) -> None:
    playing.say("search", None, query=params.categories[playing.visit.category].name)
    playing.wait(1.0)


def _look(playing: _Playing, params: Params, wants: Floats, page: list[int]) -> int | None:
    """Go down the page once; returns the item that was opened last, or None."""
    opened = None
    playing.wait(params.visit.think_s)
    for position, index in enumerate(page):
        wanted = float(wants[index])
        if playing.chance(params.funnel.click + wanted):
            playing.say("click", index, position=position)
            playing.wait(0.3)
            _open(playing, params, index, wanted)
            opened = index
        elif playing.chance(params.funnel.hide - wanted):
            playing.say("hide", index, position=position)
    return opened


def _open(playing: _Playing, params: Params, index: int, wanted: float) -> None:
    funnel, rng = params.funnel, playing.rng
    playing.say("view", index)
    stay_ms = float(int(1000 * rng.lognormal(np.log(params.visit.dwell_s), 0.6) * np.exp(0.2 * min(wanted, 3.0))))
    if playing.goods.items[index].content_type == "video":
        _watch(playing, params, index, wanted, stay_ms)
    else:
        playing.now_ms += int(stay_ms)
        playing.say("dwell", index, value=stay_ms)
    if playing.chance(funnel.like + wanted):
        playing.say("like", index)
    elif playing.chance(funnel.dislike - wanted):
        playing.say("dislike", index)
    if playing.goods.items[index].content_type == "product" and playing.chance(funnel.cart + wanted):
        playing.wait(2.0)
        playing.cart[index] = float(1 + rng.poisson(0.3))
        playing.say("cart", index, value=playing.cart[index])


def _watch(playing: _Playing, params: Params, index: int, wanted: float, stay_ms: float) -> None:
    if playing.chance(params.funnel.skip - wanted):
        playing.now_ms += 3_000
        playing.say("skip", index)
        return
    watched_ms = 3.0 * stay_ms
    if playing.rng.random() < params.funnel.pause:
        playing.say("pause", index, value=float(int(playing.rng.exponential(20_000))))
    playing.now_ms += int(watched_ms)
    playing.say("watch", index, value=watched_ms)
    if playing.chance(params.funnel.playlist_add + wanted):
        playing.say("playlist_add", index)
    _rate(playing, params, index, wanted)


def _check_out(playing: _Playing, params: Params, wants: Floats) -> None:
    for index in list(playing.cart):
        if playing.rng.random() < params.funnel.uncart:
            playing.wait(3.0)
            del playing.cart[index]
            playing.say("uncart", index)
    if playing.cart and playing.chance(params.funnel.purchase):
        playing.wait(20.0)
        for index, quantity in playing.cart.items():
            playing.say("purchase", index, value=quantity)
            _rate(playing, params, index, float(wants[index]))


def _rate(playing: _Playing, params: Params, index: int, wanted: float) -> None:
    if playing.rng.random() < params.funnel.rate:
        stars = np.clip(np.rint(3.0 + 0.6 * wanted + 0.7 * playing.rng.normal()), 1, 5)
        playing.say("rating", index, value=float(stars))
