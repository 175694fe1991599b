"""Alerts over the API for scripts: made, read, changed and removed in the founding form; what they fired, page by page."""

import pytest

from backend.clock import ManualClock
from backend.domain.bars import SECOND_NS
from tests.fakes.api_scripts import START_NS, followed, live_price, served, trade
from tests.fakes.waiting import until

FOUNDING = {
    "symbol": "BTCUSDT",
    "name": "Breakout",
    "conditions": [{"type": "price", "operator": ">", "value": 180}],
    "notification_methods": ["push", "email"],
    "enabled": True,
}


@pytest.fixture
def clock():
    return ManualClock(START_NS)


@pytest.mark.parametrize("path", ["/api/v1/alerts", "/api/v1/notifications/alert"])
async def test_an_alert_in_the_founding_form_is_made_and_watched(home, clock, path):
    async with served(home, clock) as (backend, _, client):
        answer = await client.post(path, json=FOUNDING)

        made = answer.json()
        assert answer.status_code == 201
        assert made["symbol"] == "BTCUSDT.BINANCE"
        assert made["conditions"][0]["value"] == 180
        assert made["notification_methods"] == ["push", "email"]
        assert (made["enabled"], made["triggered_at"]) == (True, None)
        assert made["created_at"].startswith("2024-10-04T13:58:10")
        assert (await client.get(f"/api/v1/alerts/{made['id']}")).json()["name"] == "Breakout"
        assert made["id"] in backend.alerts.snapshot().rows


async def test_alerts_come_in_pages_and_by_symbol(home, clock):
    async with served(home, clock) as (_, _, client):
        for number in range(5):
            symbol = "ETHUSDT" if number == 2 else "BTCUSDT"
            await client.post("/api/v1/alerts", json={**FOUNDING, "name": str(number), "symbol": symbol})
            clock.advance(SECOND_NS)

        names, cursor = [], ""
        while cursor is not None:
            asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/api/v1/alerts", params=asked)).json()
            names.append([row["name"] for row in page["alerts"]])
            cursor = page["next_cursor"]

        assert names == [["0", "1"], ["2", "3"], ["4"]]
        of_ether = (await client.get("/api/v1/alerts", params={"symbol": "ethusdt"})).json()
        assert [row["name"] for row in of_ether["alerts"]] == ["2"]


async def test_what_is_not_named_in_a_change_stays(home, clock):
    async with served(home, clock) as (_, _, client):
        made = (await client.post("/api/v1/alerts", json=FOUNDING)).json()
        where = f"/api/v1/alerts/{made['id']}"

        renamed = await client.patch(where, json={"name": "Higher", "conditions": [{"operator": "<", "value": 90}]})
        switched = await client.patch(where, json={"enabled": False})
        repeated = await client.patch(where, json=switched.json())

        assert renamed.status_code == 200
        assert (renamed.json()["name"], renamed.json()["conditions"][0]["operator"]) == ("Higher", "<")
        assert renamed.json()["notification_methods"] == ["push", "email"]
        assert (switched.json()["enabled"], switched.json()["standing"]) == (False, "off")
        assert repeated.json() == switched.json()
        assert renamed.json()["created_at"] == made["created_at"]


@pytest.mark.parametrize("path", ["/api/v1/alerts", "/api/v1/notifications"])
async def test_an_alert_is_removed_under_both_paths(home, clock, path):
    async with served(home, clock) as (_, _, client):
        made = (await client.post("/api/v1/alerts", json=FOUNDING)).json()

        gone, again = [await client.delete(f"{path}/{made['id']}") for _ in range(2)]

        assert (gone.status_code, gone.content, again.status_code) == (204, b"", 404)
        assert (await client.get("/api/v1/alerts")).json()["alerts"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**FOUNDING, "conditions": []}, 400),
        ({**FOUNDING, "conditions": [{"type": "price", "operator": "~", "value": 1}]}, 400),
        ({**FOUNDING, "symbol": "NOTHING"}, 404),
        ({**FOUNDING, "symbol": 7}, 400),
        ({**FOUNDING, "colour": "red"}, 400),
        ({"name": "nothing"}, 400),
    ],
)
async def test_an_alert_that_makes_no_sense_is_refused_and_none_is_made(home, clock, body, status):
    async with served(home, clock) as (_, _, client):
        answer = await client.post("/api/v1/alerts", json=body)

        assert answer.status_code == status
        assert answer.json()["error"]["message"]
        assert (await client.get("/api/v1/alerts")).json()["alerts"] == []


async def test_an_id_that_is_taken_is_a_conflict_and_cannot_be_changed(home, clock):
    async with served(home, clock) as (_, _, client):
        made = (await client.post("/api/v1/alerts", json=FOUNDING)).json()

        twice = await client.post("/api/v1/alerts", json={**FOUNDING, "id": made["id"]})
        other = await client.patch(f"/api/v1/alerts/{made['id']}", json={"id": "another"})

        assert (twice.status_code, other.status_code) == (409, 400)
        assert (await client.patch("/api/v1/alerts/none", json={"enabled": True})).status_code == 404


async def test_what_fired_is_listed_newest_first_page_by_page_until_it_is_read(home, clock):
    async with served(home, clock) as (backend, feed, client):
        handle = await followed(backend)
        await trade(feed, clock, 150.0)
        await live_price(backend, 150.0)
        every = {**FOUNDING, "repeat": "every_time", "conditions": [{"operator": "crosses_above", "value": 180}]}
        made = (await client.post("/api/v1/alerts", json=every)).json()
        for number in range(3):
            clock.advance(SECOND_NS)
            await trade(feed, clock, 170.0 + number, 181.0 + number)
            await until(lambda n=number: backend.alerts.snapshot().rows[made["id"]].n_fired == n + 1)

        first = (await client.get("/api/v1/notifications", params={"limit": 2})).json()
        rest = (await client.get("/api/v1/notifications", params={"limit": 2, "cursor": first["next_cursor"]})).json()

        assert [one["price"] for one in first["notifications"] + rest["notifications"]] == [183.0, 182.0, 181.0]
        assert rest["next_cursor"] is None
        newest = first["notifications"][0]
        assert (newest["alert_id"], newest["symbol"], newest["read"]) == (made["id"], "BTCUSDT.BINANCE", False)
        read = await client.patch(f"/api/v1/notifications/{newest['id']}", json={"read": True})
        assert read.json()["read"] is True
        unread = (await client.get("/api/v1/notifications", params={"unread": "true", "alert_id": made["id"]})).json()
        assert [one["price"] for one in unread["notifications"]] == [182.0, 181.0]
        assert (await client.get("/api/v1/notifications", params={"alert_id": "none"})).json()["notifications"] == []
        listed = (await client.get("/api/v1/alerts")).json()["alerts"][0]
        assert (listed["triggered_at"], listed["n_fired"]) == (newest["triggered_at"], 3)
        await handle.close()

        kept = await client.delete(f"/api/v1/notifications/{newest['id']}")
        assert (kept.status_code, kept.json()["error"]["code"]) == (409, "notification.kept")
        assert (await client.patch(f"/api/v1/notifications/{newest['id']}", json={"read": False})).status_code == 400
        assert (await client.patch("/api/v1/notifications/none", json={"read": True})).status_code == 404
