"""Deliveries on a real ledger, the one job runner and real sinks: sent once, tried again, gathered, held, given up, told."""

import asyncio
import logging
from dataclasses import replace

import pytest
from msgspec import structs

from backend.delivery.channel import Rate
from backend.delivery.delivery import DeliveryState
from backend.delivery.quiet_hours import Quiet, QuietHours, parse_range
from backend.delivery.turn import RETRY
from backend.errors import Conflict, InvalidInput, NotFound, Unavailable
from backend.events import DeliveriesChanged
from tests.fakes.delivering import ALERT, SETTLED, delivering, firing, phone
from tests.fakes.sinks import Answer, http_sink, mail_sink
from tests.fakes.waiting import until


async def test_a_firing_reaches_its_channel_once_however_often_it_is_queued(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address(), zone="Europe/Berlin"))
            changed = []
            d.bus.subscribe(DeliveriesChanged, lambda event: changed.append(event.channel))
            await d.fire(1)
            await d.until_states("sent")
            await d.fire(1)
            await d.at_rest()
            assert changed
            (got,) = sink.received
            assert got.json["title"] == "Alert: AAPL.XNAS 180.01"
            assert got.json["message"] == "AAPL.XNAS rose above 180.00 (180.01).\n2024-01-08 15:30:00 CET"
            one = await d.only()
            assert [(a.outcome, a.n_deliveries) for a in one.attempts] == [("sent", 1)]
            assert one.finished_ns == clock.now_ns()


async def test_a_burst_of_a_thousand_makes_one_message_and_every_delivery_has_its_row(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            burst = [
                firing(n, at_ns=clock.now_ns() + n, instrument=f"S{n % 20:02}.XNAS", words=f"S{n % 20:02} rose ({n}).")
                for n in range(1_000)
            ]
            await d.fire_all(burst)
            await d.until(lambda found: len(found) == 1_000 and all(one.state in SETTLED for one in found))
            (got,) = sink.received
            assert got.json["title"] == "Alert: 1000 alerts, 20 instruments"
            assert "1000 alerts fired" in got.json["message"]
            assert "S19 rose (999)." in got.json["message"]
            assert "S19.XNAS: 50" in got.json["message"] or "10 more instruments" in got.json["message"]
            rows = await d.deliveries.list(5_000)
            leader = rows[0].id
            assert [one.state for one in rows] == [DeliveryState.SENT] + [DeliveryState.ROLLED_UP] * 999
            assert {one.told_by for one in rows[1:]} == {leader}
            assert all(one.attempts[0].n_deliveries == 1_000 for one in rows[:5])


async def test_what_fires_soon_after_a_message_waits_and_goes_together(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address(), roll_up_s=20))
            await d.fire(1)
            await d.until_states("sent")
            for n in (2, 3, 4):
                await d.fire(n)
            await d.at_rest()
            assert await d.states() == ["sent", "queued", "queued", "queued"]
            await d.advance(20)
            await d.until_states("sent", "rolled_up", "rolled_up", "sent")
            assert len(sink.received) == 2


async def test_the_rate_holds_over_a_restart_and_what_waited_goes_in_one(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address(), roll_up_s=0, rate=Rate(2, 1)))
            for n in (1, 2):
                await d.fire(n)
                await d.until_states(*["sent"] * n)
            await d.fire_all([firing(n, at_ns=clock.now_ns()) for n in (3, 4, 5)])
            await d.at_rest()
        async with delivering(home, clock) as d:
            await d.at_rest()
            assert await d.states() == ["sent", "sent", "queued", "queued", "queued"]
            await d.advance(31)
            await d.until_states("sent", "sent", "rolled_up", "rolled_up", "sent")
            assert len(sink.received) == 3


async def test_quiet_hours_hold_until_the_morning_and_let_what_is_urgent_pass(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            quiet = QuietHours((parse_range("14:00-16:00"),))
            await d.deliveries.put_channel(phone(sink.address(), quiet=quiet))
            await d.fire(1)
            await d.until(lambda found: found[0].words.startswith("Held"))
            await d.fire(2, structs.replace(ALERT, id="a2", is_urgent=True))
            await d.until_states("queued", "sent")
            await d.advance(90 * 60 - 1)
            await d.at_rest()
            assert await d.states() == ["queued", "sent"]
            await d.advance(1)
            await d.until_states("sent", "sent")


async def test_what_quiet_hours_drop_is_recorded_and_counted_in_the_next_message(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            quiet = QuietHours((parse_range("14:00-16:00"),), Quiet.DROP)
            await d.deliveries.put_channel(phone(sink.address(), quiet=quiet))
            for n in (1, 2):
                await d.fire(n)
                await d.until_states(*["suppressed"] * n)
            await d.advance(2 * 3600)
            await d.fire(3)
            await d.until_states("suppressed", "suppressed", "sent")
            assert "2 alerts were not sent in quiet hours." in sink.received[0].json["message"]
            await d.advance(60)
            await d.fire(4)
            await d.until_states("suppressed", "suppressed", "sent", "sent")
            assert "quiet hours" not in sink.received[1].json["message"]


async def test_quiet_hours_that_are_lifted_free_what_they_held(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            channel = await d.deliveries.put_channel(phone(sink.address(), quiet=QuietHours((parse_range("14:00-16:00"),))))
            await d.fire(1)
            await d.until(lambda found: found[0].words.startswith("Held"))
            await d.deliveries.put_channel(replace(channel, quiet=QuietHours()))
            await d.until_states("sent")


async def test_a_failure_that_may_pass_is_tried_again_at_growing_distances_each_attempt_recorded(home, clock):
    with http_sink() as sink:
        sink.answers = [Answer(500), Answer(503), Answer(200)]
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            await d.fire(1)
            await d.until_states("failed")
            await d.at_rest()
            await d.advance(4.9)
            await d.at_rest()
            assert len(sink.received) == 1
            await d.advance(0.2)
            await d.until(lambda found: len(found[0].attempts) == 2 and found[0].state is DeliveryState.FAILED)
            await d.at_rest()
            await d.advance(15)
            await d.until_states("sent")
            one = await d.only()
            assert [a.outcome for a in one.attempts] == ["failed", "failed", "sent"]
            assert "(500)" in one.attempts[0].words
            assert not one.may_repeat
            assert "may have been sent" not in sink.received[-1].json["message"]


async def test_a_service_that_asks_us_to_wait_is_not_bothered_before(home, clock):
    with http_sink() as sink:
        sink.answers = [Answer(429, headers={"Retry-After": "120"}), Answer(200)]
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            await d.fire(1)
            await d.until_states("failed")
            await d.fire(2)
            await d.at_rest()
            await d.advance(119)
            await d.at_rest()
            assert len(sink.received) == 1
            await d.advance(1)
            await d.until_states("rolled_up", "sent")
            assert len(sink.received) == 2


async def test_what_fails_for_good_is_a_dead_letter_at_once_told_and_sent_when_retried(home, clock):
    with http_sink() as sink:
        sink.answers = [Answer(404, b"no such room"), Answer(200)]
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address("s3cr3t-room")))
            await d.fire(1)
            await d.until_states("dead")
            await until(lambda: d.notices, what="a notice")
            (notice,) = d.notices
            assert notice.code == "delivery.dead"
            assert "(404)" in notice.text
            assert "s3cr3t" not in f"{notice}"
            one = await d.only()
            assert (await d.deliveries.retry(one.id)).state is DeliveryState.QUEUED
            await d.until_states("sent")
            with pytest.raises(Conflict):
                await d.deliveries.retry(one.id)
            with pytest.raises(NotFound):
                await d.deliveries.retry(999)


async def test_after_the_last_attempt_it_is_a_dead_letter(home, clock):
    with http_sink() as sink:
        sink.answers = [Answer(500)]
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            await d.fire(1)
            for n in range(1, RETRY.attempts_max + 1):
                await d.until(lambda found, n=n: len(found[0].attempts) == n and found[0].state is not DeliveryState.SENDING)
                await d.at_rest()
                await d.advance(901)
            assert await d.states() == ["dead"]
            assert len(sink.received) == RETRY.attempts_max
            assert len(d.notices) == 1


async def test_an_answer_that_never_came_is_tried_again_and_said_in_the_message(home, clock):
    with http_sink() as sink:
        sink.answers = [Answer(breaks=True), Answer(200)]
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            await d.fire(1)
            await d.until_states("failed")
            await d.at_rest()
            await d.advance(5)
            await d.until_states("sent")
            assert "This message may have been sent before." in sink.received[1].json["message"]
            assert [a.outcome for a in (await d.only()).attempts] == ["unknown", "sent"]


async def test_a_channel_that_hangs_holds_up_no_other_and_none_of_the_other_jobs(home, clock):
    with http_sink() as slow, http_sink() as quick:
        slow.answers = [Answer(hangs=True)]
        async with delivering(home, clock) as d:
            for n in range(6):
                await d.deliveries.put_channel(replace(phone(slow.address()), name=f"slow{n}"))
            await d.deliveries.put_channel(phone(quick.address()))
            names = tuple(f"slow{n}" for n in range(6))
            await d.fire(1, structs.replace(ALERT, channels=(*names, "phone")))
            await until(lambda: len(quick.received) == 1 and len(slow.received) == 6, what="all seven at once")
            slow.closing.set()
            await d.until(lambda found: all(one.state is not DeliveryState.SENDING for one in found))
            await d.at_rest()


async def test_what_is_late_or_of_a_replay_or_has_no_channel_is_recorded_and_never_sent(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            await d.fire(1, is_late=True)
            await d.fire(2, is_replay=True)
            await d.fire(3, structs.replace(ALERT, channels=("gone",)))
            await d.deliveries.turn("phone", is_on=False)
            await d.fire(4)
            await d.at_rest()
            assert await d.states() == ["suppressed"] * 4
            words = [one.words for one in reversed(await d.deliveries.list())]
            assert words == [
                "Found late, so told silently.",
                "Fired in a replay.",
                "There is no channel of this name.",
                "The channel was off.",
            ]
            assert sink.received == []


async def test_turning_a_channel_off_or_removing_it_lets_go_what_waits(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock, begins=False) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            await d.fire(1)
            await d.deliveries.turn("phone", is_on=False)
            await d.deliveries.turn("phone", is_on=True)
            await d.fire(2)
            await d.deliveries.remove_channel("phone")
            assert await d.states() == ["suppressed", "suppressed"]
            assert await d.deliveries.channels() == ()
            for asked in (d.deliveries.remove_channel("phone"), d.deliveries.test("phone"), d.deliveries.turn("phone", is_on=True)):
                with pytest.raises(NotFound):
                    await asked


async def test_a_transaction_that_fails_queues_nothing(home, clock):
    async with delivering(home, clock) as d:

        def work(db):
            d.deliveries.queue(db, firing(1, at_ns=clock.now_ns()), ALERT)
            raise InvalidInput("No.")

        with pytest.raises(InvalidInput):
            await d.ledger.write(work)
        assert await d.deliveries.list() == ()


async def test_what_was_found_out_afterwards_is_a_second_message(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address(), roll_up_s=0))
            one = firing(1, at_ns=clock.now_ns())
            await d.fire_all([one])
            await d.until_states("sent")
            await d.ledger.write(lambda db: d.deliveries.queue_enriched(db, one, ALERT, "The sector rose as well."))
            d.deliveries.wake()
            await d.until_states("sent", "sent")
            assert sink.received[1].json["message"].startswith("The sector rose as well.")


async def test_a_test_message_goes_whatever_the_hour_and_tells_what_failed(home, clock):
    with http_sink() as sink, mail_sink() as mail:
        async with delivering(home, clock) as d:
            quiet = QuietHours((parse_range("14:00-16:00"),))
            await d.deliveries.put_channel(phone(sink.address("s3cr3t"), quiet=quiet, rate=Rate(1, 100)))
            await d.deliveries.put_channel(replace(phone(mail.address()), name="mail"))
            for _ in range(3):
                await d.deliveries.test("phone")
            await d.deliveries.test("mail")
            assert len(sink.received) == 3
            assert b"The channel mail works." in mail.received[0].content
            sink.answers = [Answer(401)]
            with pytest.raises(Unavailable, match="did not accept the credentials") as told:
                await d.deliveries.test("phone")
            assert "s3cr3t" not in str(told.value)
            assert (await d.deliveries.list())[0].state is DeliveryState.DEAD
            with pytest.raises(Conflict):
                await d.deliveries.retry((await d.deliveries.list())[0].id)
            assert d.notices == []


async def test_an_address_is_given_back_masked_and_stays_when_its_mask_is_given_again(home, clock, caplog):
    caplog.set_level(logging.DEBUG)
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            made = await d.deliveries.put_channel(phone(sink.address("s3cr3t-path") + "?+X-Key=t0kentoken"))
            assert made.address == f"json://127.0.0.1:{sink.port}/****"
            assert made.notes
            assert await d.deliveries.channels() == (made,)
            await d.deliveries.put_channel(replace(made, roll_up_s=0))
            await d.deliveries.put_channel(replace(made, address="", roll_up_s=0))
            await d.deliveries.test("phone")
            assert sink.received[0].path.startswith("/s3cr3t-path")
            assert sink.received[0].headers["X-Key"] == "t0kentoken"
            for bad in ("syslog://s3cr3t", "json://h/?template=s3cr3t"):
                with pytest.raises(InvalidInput) as told:
                    await d.deliveries.put_channel(phone(bad))
                assert "s3cr3t" not in str(told.value)
    kept = b"".join(path.read_bytes() for path in home.root.rglob("*") if path.is_file())
    for secret in ("s3cr3t", "t0kentoken"):
        assert secret not in caplog.text
        assert secret.encode() not in kept


@pytest.mark.parametrize("name", ["", " phone", "a" * 41, "a/b", "x\n", "-"])
async def test_a_name_that_is_none_is_refused(home, clock, name):
    async with delivering(home, clock, begins=False) as d:
        with pytest.raises(InvalidInput):
            await d.deliveries.put_channel(replace(phone("json://127.0.0.1/x"), name=name))


async def test_a_restart_brings_what_was_queued(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock, begins=False) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            await d.fire_all([firing(n, at_ns=clock.now_ns()) for n in range(3)])
        async with delivering(home, clock) as d:
            await d.until_states("rolled_up", "rolled_up", "sent")
            assert len(sink.received) == 1


async def test_closing_while_a_message_is_on_its_way_leaves_it_to_be_sent_again(home, clock):
    with http_sink() as sink:
        sink.answers = [Answer(hangs=True), Answer(200)]
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            await d.fire(1)
            await until(lambda: len(sink.received) == 1, what="the first request")
        async with delivering(home, clock) as d:
            await d.until_states("sent")
            one = await d.only()
            assert [a.outcome for a in one.attempts] == ["unknown", "sent"]
            assert "This message may have been sent before." in sink.received[1].json["message"]
        sink.closing.set()


async def test_firings_that_come_while_a_job_ends_are_never_left_behind(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address(), roll_up_s=0, rate=Rate(10_000, 1)))
            for n in range(60):
                await d.fire(n)
                await asyncio.sleep(0.002 * (n % 5))
            await d.until(lambda found: len(found) == 60 and all(one.state in SETTLED for one in found))
            assert len(sink.received) + (await d.states()).count("rolled_up") == 60


@pytest.mark.logs("could not be looked after")
async def test_a_message_that_was_sent_and_could_not_be_settled_is_settled_later_and_not_sent_again(home, clock):
    with http_sink() as sink:
        async with delivering(home, clock) as d:
            await d.deliveries.put_channel(phone(sink.address()))
            store, settle, n_refused = d.deliveries._store, d.deliveries._store.settle, 0

            async def refuse_twice(*given):
                nonlocal n_refused
                n_refused += 1
                if n_refused <= 2:
                    raise Unavailable("The disk is full.", hint="Make room.")
                return await settle(*given)

            store.settle = refuse_twice
            await d.fire(1)
            await until(lambda: d.deliveries._unsettled, what="a message that is not settled")
            assert await d.states() == ["sending"]
            d.deliveries.wake()
            await until(lambda: n_refused == 2, what="a second refusal")
            d.deliveries.wake()
            await d.until_states("sent")
            await d.advance(60)
            await d.at_rest()
            assert len(sink.received) == 1
