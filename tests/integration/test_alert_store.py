"""Alerts are kept in the real ledger: what is added, changed, removed and fired is there after a restart."""

import math

import msgspec
import pytest

from backend.alerts.alert import Alert, IndicatorCondition, IndicatorRef, Operator, PriceCondition, Repeat, new_id
from backend.alerts.firing import Firing, Standing
from backend.alerts.store import AlertStore, Fired, StateChange
from backend.errors import Conflict, InvalidInput, NotFound
from backend.events import AlertsChanged
from tests.fakes.alerting import ACME, START_NS, alert_on, open_alerts, price_alert


async def test_an_alert_is_there_after_a_restart_with_its_words(home, clock):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert(180, name="Breakout", channels=("phone",)))

    async with open_alerts(home, clock) as again:
        (kept,) = again.alerts.snapshot().rows.values()

    assert kept.alert == row.alert
    assert kept.words == row.words == "Price rises above 180.00"
    assert kept.alert.created_ns == kept.alert.condition.set_ns == START_NS


async def test_every_change_is_told_and_in_the_snapshot(home, clock):
    async with open_alerts(home, clock) as opened:
        versions = []
        opened.backend.bus.subscribe(AlertsChanged, lambda event: versions.append(event.version))
        row = await opened.alerts.add(price_alert())
        changed = await opened.alerts.change(msgspec.structs.replace(row.alert, name="New"))
        off = await opened.alerts.enable(row.alert.id, False)
        gone = await opened.alerts.remove(row.alert.id)

        assert changed.alert.name == "New"
        assert off.standing is Standing.OFF
        assert gone == off.alert
        assert opened.alerts.snapshot().rows == {}
        assert len(versions) == 4
        assert versions == sorted(versions)


async def test_a_removed_alert_can_be_put_back_with_what_it_fired(home, clock):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert())
        await AlertStore(opened.backend.money).record([fired(row.alert, "one")], lambda *_: None)
        gone = await opened.alerts.remove(row.alert.id)
        back = await opened.alerts.add(gone)

        assert back.alert == gone
        assert back.n_fired == 1
        assert [firing.id for firing in await opened.alerts.history(gone.id)] == ["one"]


async def test_an_alert_of_a_known_id_is_refused_and_the_first_one_stays(home, clock):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert(180))
        with pytest.raises(Conflict):
            await opened.alerts.add(msgspec.structs.replace(row.alert, name="Twin"))
        assert opened.alerts.snapshot().rows[row.alert.id] == row or repr(opened.alerts.snapshot().rows[row.alert.id]) == repr(row)


@pytest.mark.parametrize("work", ["change", "remove", "enable"])
async def test_what_is_not_there_cannot_be_changed(home, clock, work):
    async with open_alerts(home, clock) as opened:
        calls = {
            "change": lambda: opened.alerts.change(price_alert()),
            "remove": lambda: opened.alerts.remove(new_id()),
            "enable": lambda: opened.alerts.enable(new_id(), True),
        }
        with pytest.raises(NotFound):
            await calls[work]()


async def test_an_alert_on_an_unknown_instrument_is_refused(home, clock):
    async with open_alerts(home, clock) as opened:
        with pytest.raises(NotFound, match="NOPE"):
            await opened.alerts.add(price_alert(instrument="NOPE.XNAS"))
        assert await opened.alerts.rows() == ()


async def test_an_alert_that_would_expire_in_the_past_is_refused(home, clock):
    async with open_alerts(home, clock) as opened:
        with pytest.raises(InvalidInput, match="past"):
            await opened.alerts.add(price_alert(expires_ns=START_NS - 1))


async def test_names_of_indicators_are_kept_as_the_registry_has_them(home, clock):
    condition = IndicatorCondition(IndicatorRef("RSI"), Operator.BELOW, 30)
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(alert_on(condition, spec="60m"))

    assert row.alert.spec == "1h"
    assert row.alert.condition.left == IndicatorRef("rsi", {"period": 14})
    assert row.words == "RSI 14 below 30 on 1h"


async def test_the_same_firing_found_twice_is_one_and_delivered_once(home, clock):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert())
        store, queued = AlertStore(opened.backend.money), []
        first = await store.record([fired(row.alert, "one")], lambda _db, firing, _alert: queued.append(firing.id))
        second = await store.record(
            [fired(row.alert, "one"), fired(row.alert, "two")], lambda _db, firing, _alert: queued.append(firing.id)
        )

        assert [firing.id for firing in first] == ["one"]
        assert [firing.id for firing in second] == ["two"]
        assert queued == ["one", "two"]
        ((stored,), _) = await store.all()
        assert stored.n_fired == 2


async def test_a_delivery_that_cannot_be_queued_undoes_its_firing(home, clock):
    def refuse(_db, _firing, _alert):
        raise InvalidInput("No such channel.")

    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert())
        store = AlertStore(opened.backend.money)
        with pytest.raises(InvalidInput):
            await store.record([fired(row.alert, "one")], refuse)
        assert await store.history(None, 10) == ()
        ((stored,), _) = await store.all()
        assert stored.n_fired == 0
        assert stored.state != b"after"


async def test_firings_come_newest_first_with_numbers_that_are_missing_as_nan(home, clock):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert())
        store = AlertStore(opened.backend.money)
        await store.record([fired(row.alert, "old", 1, level=math.nan), fired(row.alert, "new", 2)], lambda *_: None)
        new, old = await opened.alerts.history()
        (only,) = await opened.alerts.history(n_max=1)
        await opened.alerts.mark_read(["old", "unknown"])

        assert (new.id, old.id, only.id) == ("new", "old", "new")
        assert math.isnan(old.level)
        assert [firing.is_read for firing in await opened.alerts.history()] == [False, True]


async def test_state_is_kept_for_alerts_that_are_there_and_a_blob_that_cannot_be_read_is_told(home, clock):
    async with open_alerts(home, clock, begin=False) as opened:
        row, other = await opened.alerts.add(price_alert()), await opened.alerts.add(price_alert())
        store = AlertStore(opened.backend.money)
        await store.keep([StateChange(row.alert.id, b"state", b"seen"), StateChange("gone", b"x", b"y")])
        broken = other.alert.id
        await opened.backend.money.write(lambda db: db.execute("UPDATE alerts SET body = x'00' WHERE id = ?", (broken,)))

    async with open_alerts(home, clock, begin=False) as again:
        await again.alerts.rows()
        ((kept,), unread) = await AlertStore(again.backend.money).all()
        assert (kept.state, kept.seen) == (b"state", b"seen")
        assert unread == (broken,)
        assert any("cannot be read" in notice.title for notice in again.notices)


@pytest.mark.logs("cannot be read", "armed afresh")
async def test_a_memory_that_cannot_be_read_arms_its_alert_afresh(home, clock):
    async with open_alerts(home, clock, begin=False) as opened:
        row = await opened.alerts.add(price_alert())
        await AlertStore(opened.backend.money).keep([StateChange(row.alert.id, b"state", b"seen")])

    async with open_alerts(home, clock) as again:
        assert row.alert.id in again.alerts.snapshot().rows
        assert again.alerts.wanted


async def test_only_what_decides_about_firing_arms_an_alert_afresh(home, clock):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert(repeat=Repeat.ONCE))
        store = AlertStore(opened.backend.money)
        await store.record([fired(row.alert, "one", is_resting=True)], lambda *_: None)

    async with open_alerts(home, clock) as again:
        (kept,) = again.alerts.snapshot().rows.values()
        renamed = await again.alerts.change(msgspec.structs.replace(kept.alert, name="Other", channels=("mail",)))
        moved = await again.alerts.change(
            msgspec.structs.replace(kept.alert, condition=PriceCondition(Operator.CROSSES_ABOVE, 190.0))
        )

        assert kept.standing is renamed.standing is Standing.FIRED
        assert moved.standing is not Standing.FIRED
        assert moved.n_fired == 1


async def test_the_index_of_enabled_alerts_by_instrument_is_used(home, clock):
    async with open_alerts(home, clock) as opened:
        plan = await opened.backend.money.read(
            lambda db: db.execute(
                "EXPLAIN QUERY PLAN SELECT id FROM alerts WHERE instrument = ? AND is_enabled = 1", ("A.B",)
            ).fetchall()
        )
        assert "alerts_by_instrument" in str(plan)


def fired(alert: Alert, firing_id: str, fired_ns: int = START_NS, *, level: float = 180.0, is_resting: bool = False) -> Fired:
    firing = Firing(firing_id, alert.id, str(ACME), fired_ns, fired_ns, 180.02, 180.02, level, "ACME rose above 180.00 (180.02).")
    return Fired(firing, alert, b"after", b"seen", is_resting)
