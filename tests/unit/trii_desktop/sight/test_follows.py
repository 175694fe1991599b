"""What panels follow, and let go."""

import asyncio

from PySide6.QtWidgets import QWidget

from backend.domain.instruments import InstrumentId
from backend.errors import NotFound
from tests.fakes.qt_loop import run_on_qt
from trii_desktop.sight.follows import Followed, Follows, ShownFollows

BTC, ETH, SOL = (Followed(InstrumentId(code, "BINANCE")) for code in ("BTC", "ETH", "SOL"))


class Venue:
    """Follows, one at a time, when it is let to; notes what was asked of it."""

    def __init__(self):
        self.said = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.refuses = set()
        self.tasks = []
        self.follows = Follows(self.follow, lambda _name, coro: self.tasks.append(asyncio.ensure_future(coro)))

    async def follow(self, instrument, depth):
        await self.gate.wait()
        one = Followed(instrument, depth)
        if one in self.refuses:
            self.said.append(f"no {instrument.code}")
            raise NotFound("Nothing serves it.", hint="Connect a feed.")
        self.said.append(f"+{instrument.code}")

        async def let_go():
            self.said.append(f"-{instrument.code}")

        return let_go

    async def settle(self):
        while self.tasks:
            await self.tasks.pop()


async def test_what_is_new_is_followed_before_what_ends_is_let_go():
    venue = Venue()
    venue.follows.want((BTC, ETH))
    await venue.settle()
    venue.said.clear()
    venue.follows.want((ETH, SOL))
    await venue.settle()
    assert venue.said == ["+SOL", "-BTC"]
    assert venue.follows.held == {ETH, SOL}


async def test_what_changes_while_it_is_being_followed_comes_out_as_wanted_last():
    venue = Venue()
    venue.gate.clear()
    venue.follows.want((BTC,))
    await asyncio.sleep(0)
    venue.follows.want((ETH,))
    venue.follows.want((SOL,))
    assert len(venue.tasks) == 1
    venue.gate.set()
    await venue.settle()
    assert venue.follows.held == {SOL}
    assert venue.said == ["+BTC", "+SOL", "-BTC"]


async def test_what_cannot_be_followed_is_asked_for_again_only_when_it_is_wanted_anew():
    venue = Venue()
    venue.refuses.add(BTC)
    venue.follows.want((BTC, ETH))
    await venue.settle()
    assert sorted(venue.said) == ["+ETH", "no BTC"]
    venue.follows.want((BTC, ETH))
    await venue.settle()
    assert len(venue.said) == 2
    venue.refuses.clear()
    venue.follows.want((ETH,))
    venue.follows.want((BTC, ETH))
    await venue.settle()
    assert venue.follows.held == {BTC, ETH}


async def test_with_and_without_its_book_are_followed_apart():
    venue = Venue()
    deep = Followed(BTC.instrument, depth=True)
    venue.follows.want((BTC, deep))
    await venue.settle()
    venue.follows.want((deep,))
    await venue.settle()
    assert venue.follows.held == {deep}


def test_a_hidden_panel_follows_nothing_and_one_that_is_shown_again_does(qapp):
    async def story():
        venue, widget = Venue(), QWidget()
        shown = ShownFollows(widget, venue.follows)
        shown.show((BTC,))
        await venue.settle()
        assert venue.follows.held == set()
        widget.show()
        await venue.settle()
        assert venue.follows.held == {BTC}
        shown.show((ETH,))
        await venue.settle()
        assert venue.follows.held == {ETH}
        widget.hide()
        await venue.settle()
        assert venue.follows.held == set()
        widget.show()
        shown.close()
        await venue.settle()
        assert venue.follows.held == set()
        assert venue.follows.is_settled
        widget.deleteLater()

    run_on_qt(story())
