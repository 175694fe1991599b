"""Feeds that a person sets up: checked, kept with their keys apart, and run."""

import pytest

from backend.app import open_backend
from backend.errors import InvalidInput, NotFound
from backend.market.feeds.config import FeedConfig, load_config, save_config

ALPACA = FeedConfig(name="alpaca", kind="alpaca", options={"plan": "iex"}, is_on=False)


async def test_a_feed_and_its_keys_are_there_after_a_restart_and_gone_once_removed(home):
    async with open_backend(home, watch=False) as backend:
        await backend.live.feeds.put(ALPACA, {"key": "AK1", "secret": " s3cret "})
    async with open_backend(home, watch=False) as backend:
        book = backend.live.feeds
        assert await book.list() == (ALPACA,)
        secret = await book.secret_of("alpaca")
        assert (secret("key"), secret("secret"), secret("other")) == ("AK1", "s3cret", None)

        await book.put(FeedConfig(name="alpaca", kind="alpaca", options={"plan": "sip"}, is_on=False), {"secret": "new"})
        assert (secret("key"), secret("secret")) == ("AK1", "new")

        assert (await book.remove("alpaca")).options == {"plan": "sip"}
        assert await book.list() == ()
        assert await book.has_secrets("alpaca") == frozenset()
        with pytest.raises(NotFound, match="no feed 'alpaca'"):
            await book.remove("alpaca")


async def test_what_cannot_be_a_feed_is_refused_and_changes_nothing(home):
    async with open_backend(home, watch=False) as backend:
        book = backend.live.feeds
        wrong = [
            (FeedConfig(name="x", kind="nowhere"), "no kind of feed 'nowhere'"),
            (FeedConfig(name="Upper Case", kind="binance"), "cannot be read"),
            (FeedConfig(name="b", kind="binance", stream_url="ws://example.com"), "cannot be the address"),
            (FeedConfig(name="b", kind="binance", rest_url="file:///etc/passwd"), "cannot be the address"),
            (FeedConfig(name="b", kind="binance", stream_url="wss://me@example.com"), "name or password"),
            (FeedConfig(name="b", kind="binance", options={"speed": "9"}), "no option 'speed'"),
        ]
        for config, words in wrong:
            with pytest.raises(InvalidInput, match=words):
                await book.put(config)
        with pytest.raises(InvalidInput, match="no key called 'pin'"):
            await book.put(ALPACA, {"pin": "1"})
        assert await book.list() == ()


async def test_feeds_are_asked_in_the_order_in_which_they_were_set_up(home):
    async with open_backend(home, watch=False) as backend:
        book = backend.live.feeds
        for name in ("second", "first", "third"):
            await book.put(FeedConfig(name=name, kind="binance", is_on=False))
        await book.enable("second", False)

        assert [config.name for config in await book.list()] == ["second", "first", "third"]


def test_a_configuration_reads_back_as_it_was_written():
    assert load_config(save_config(ALPACA)) == ALPACA
    with pytest.raises(InvalidInput, match="version 9"):
        load_config(b'{"name":"a","kind":"binance","version":9}')
