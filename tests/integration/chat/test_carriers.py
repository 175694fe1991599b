"""Behind proxies that pass no WebSocket, or no streams either, messages still go both ways."""

from urllib.parse import quote

import pytest

from backend.chat.message import Delivery
from backend.sync import over_http
from backend.sync.server import Standing
from tests.fakes.desks import eventually, join, standing, texts, two_desks, user_of
from tests.fakes.hostile_proxy import hostile_proxy
from tests.fakes.sync_server import PASSWORD
from tests.fakes.waiting import until


@pytest.fixture
def impatient(monkeypatch):
    """Streams that bring nothing are given up soon."""
    monkeypatch.setattr(over_http, "FIRST_S", 0.5)


@pytest.mark.parametrize(
    ("habits", "carrier"),
    [({"refuses_upgrades": True}, "events"), ({"refuses_upgrades": True, "holds_streams": True}, "poll")],
)
async def test_messages_go_both_ways_where_no_websocket_comes_through(tmp_path, habits, carrier, impatient):
    async with two_desks(tmp_path) as (server, ann, bob), hostile_proxy(server.url, **habits) as proxy:
        link = (await server.link()).replace(quote(server.url, safe=""), quote(proxy.url, safe=""))
        a = (await ann.team.join(link, "ann@example.com", "Ann", PASSWORD)).server.id
        await until(lambda: standing(ann) is Standing.LIVE, 20, what="Ann is live")
        assert ann.team.servers()[0].carrier == carrier
        assert proxy.n_refused >= 1
        await join(bob, server, "Bob")
        assert bob.team.servers()[0].carrier == "websocket"

        room = (await ann.chat.direct(a, user_of(bob))).id
        sent = await ann.chat.send(room, "Through the wall.")
        await eventually(lambda: texts(bob, room), ["Through the wall."])
        await bob.chat.send(room, "I hear you.")
        await eventually(lambda: texts(ann, room), ["Through the wall.", "I hear you."])
        await bob.chat.mark_read(room, 3)

        async def delivery():
            return (await ann.chat.message(sent.id)).delivery

        await eventually(delivery, Delivery.READ)
        await bob.chat.typing(room)

        async def typists():
            return [member.user for member in await ann.chat.typists(room)]

        await eventually(typists, [user_of(bob)])
