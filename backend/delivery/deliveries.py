"""The facade of delivery: channels, what is queued for them, and the jobs that bring it there."""

import asyncio
import contextlib
import logging
import uuid
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import msgspec

from backend.alerts.alert import Alert
from backend.alerts.firing import Firing
from backend.bus import Bus
from backend.clock import Clock
from backend.delivery.carrier import Carrier
from backend.delivery.channel import Channel, check_channel
from backend.delivery.delivery import BodyKind, Delivery
from backend.delivery.message import Told, compose
from backend.delivery.quiet_hours import parse_zone
from backend.delivery.rows import load_channel, load_channels, save_channel
from backend.delivery.store import DeliveryStore, Outcome, Sending, let_go, must_exist, queue_deliveries, wake_held
from backend.errors import InvalidInput, TriiError, Unavailable
from backend.events import DeliveriesChanged, JobChanged, Level, Notice
from backend.jobs.job import JobState, Priority
from backend.jobs.job_store import NewJob
from backend.jobs.runner import JobContext, JobRunner
from backend.storage.faults import reach
from backend.storage.ledger import Ledger
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

KIND: Final = "delivery"
CHANNELS_MAX: Final = 50
_AT_ONCE: Final = 16
_LOOK_S_MAX: Final = 20.0  # so that a clock that was set back, or a ledger that refused, is noticed soon
_MARKED: Final = "delivery.marked"
_SENT: Final = "delivery.sent"


@dataclass(frozen=True, slots=True)
class DeliveryParts:
    """What delivery stands on."""

    ledger: Ledger
    bus: Bus
    clock: Clock
    tasks: TaskOwner
    runner: JobRunner


class Deliveries:
    """Brings firings to the channels of their alerts; lives on the engine thread.

    At least once: a message is marked as on its way before it is sent and settled afterwards. Where the program ends in
    between, nobody can know whether it arrived; it is sent again and says so. While the program runs, a firing is never sent
    twice to a channel, however often it is queued.
    """

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: DeliveryParts, carrier: Carrier) -> None:
        self._ledger = parts.ledger
        self._bus = parts.bus
        self._clock = parts.clock
        self._tasks = parts.tasks
        self._runner = parts.runner
        self._store = DeliveryStore(parts.ledger)
        self._carrier = carrier
        self._awake = asyncio.Event()
        self._unsettled: list[tuple[Sending, Outcome]] = []
        parts.runner.register(KIND, "Delivery", self._drain, n_beside=_AT_ONCE)

    async def begin(self) -> None:
        """Go on with what a former process left, then bring whatever is due until the tasks' owner closes.

        Before the runner begins: it would go on with a channel whose last message is still marked as on its way.
        """
        n_left = await self._store.recover(self._clock.now_ns())
        if n_left:
            log.info("%s deliveries were on their way when the program ended; they are tried again.", n_left)
        self._bus.subscribe(JobChanged, self._job_changed)
        self._tasks.start("deliveries", self._plan_for_ever())

    # --- channels -----------------------------------------------------------------------------------------------------

    async def channels(self) -> tuple[Channel, ...]:
        """Every channel by name, its address masked."""
        return await self._ledger.read(lambda db: tuple(kept.channel for kept in load_channels(db)))

    async def put_channel(self, channel: Channel) -> Channel:
        """Add a channel, or replace the one of its name, and return it with its address masked.

        An address that is empty, or the masked one, leaves the address as it is. Raises InvalidInput, in words that never
        repeat the address.
        """
        check_channel(channel)
        known = await self._ledger.read(lambda db: load_channel(db, channel.name))
        if known is not None and channel.address in ("", known.channel.address):
            address, kept = known.address, replace(channel, address=known.channel.address, notes=known.channel.notes)
        else:
            address = channel.address.strip()
            read = await self._carrier.parse(address)
            kept = replace(channel, address=read.masked, notes=read.notes)
        now_ns = self._clock.now_ns()

        def work(db: Any) -> None:
            (n,) = db.execute("SELECT count(*) FROM delivery_channels WHERE name <> ?", (kept.name,)).fetchone()
            if n >= CHANNELS_MAX:
                raise InvalidInput(f"There are {n} channels already.", hint="Remove one first.")
            save_channel(db, kept, address, now_ns)
            if kept.is_on:
                wake_held(db, kept.name, now_ns)
            else:
                let_go(db, kept.name, "The channel was off.", now_ns)

        await self._ledger.write(work)
        self._changed(kept.name)
        return kept

    async def remove_channel(self, name: str) -> Channel:
        """Forget a channel and its address; what waits for it is let go. Raises NotFound."""

        def work(db: Any) -> Channel:
            kept = must_exist(load_channel(db, name), name)
            let_go(db, name, "The channel was removed.", self._clock.now_ns())
            db.execute("DELETE FROM delivery_channels WHERE name = ?", (name,))
            return kept.channel

        removed = await self._ledger.write(work)
        self._changed(name)
        return removed

    async def turn(self, name: str, *, is_on: bool) -> Channel:
        """Turn a channel on or off; what waits for one that is turned off is let go. Raises NotFound."""
        kept = must_exist(await self._ledger.read(lambda db: load_channel(db, name)), name)
        return await self.put_channel(replace(kept.channel, is_on=is_on))

    async def test(self, name: str) -> None:
        """Send a test message now, whatever rate and quiet hours say. Raises NotFound; Unavailable with what failed."""
        now_ns = self._clock.now_ns()
        told = Told("Alert: test", f"The channel {name} works.", "test", "", now_ns)
        sending = await self._store.begin_test(name, told, f"test:{uuid.uuid4().hex}", now_ns)
        outcome = await self._send(replace(sending, n_dropped=0))
        if not outcome.is_sent:
            raise Unavailable(f"The test message did not go out. {outcome.words}", code="delivery.test")

    # --- deliveries ---------------------------------------------------------------------------------------------------

    def queue(self, db: Any, firing: Firing, alert: Alert) -> None:
        """Queue a firing for the channels of its alert, in the firing's own transaction; ``wake`` once it is committed."""
        queue_deliveries(db, firing, alert, kind=BodyKind.PLAIN, body=firing.words, now_ns=self._clock.now_ns())

    def queue_enriched(self, db: Any, firing: Firing, alert: Alert, body: str) -> None:
        """Queue what was found out about a firing afterwards, as a second message; the plain one never waits for it."""
        queue_deliveries(db, firing, alert, kind=BodyKind.ENRICHED, body=body, now_ns=self._clock.now_ns())

    def wake(self) -> None:
        """Something was queued and committed."""
        self._awake.set()

    async def list(self, n_max: int = 200, channel: str | None = None) -> tuple[Delivery, ...]:
        """The newest deliveries with their attempts, newest first, of all channels or of one."""
        return await self._store.newest(n_max, channel)

    async def retry(self, delivery_id: int) -> Delivery:
        """Let a failed or dead delivery go now, with all its attempts. Raises NotFound; Conflict where it is neither."""
        found = await self._store.retry(delivery_id, self._clock.now_ns())
        self._changed(found.channel)
        return found

    # --- inside -------------------------------------------------------------------------------------------------------

    def _changed(self, channel: str) -> None:
        self._bus.publish(DeliveriesChanged(channel))
        self._awake.set()

    def _job_changed(self, event: JobChanged) -> None:
        if event.kind == KIND and event.state == JobState.DONE:
            self._awake.set()  # what came while it ended, or waits for later

    async def _plan_for_ever(self) -> None:
        while True:
            self._awake.clear()
            try:
                await self._plan()
            except TriiError as error:  # a full disk, say: what is queued stays queued, and it is tried again
                log.warning("Deliveries could not be looked after: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S_MAX):
                    await self._awake.wait()

    async def _plan(self) -> None:
        """A job for each channel that has something waiting, due when it may go; first, settle what could not be settled."""
        while self._unsettled:
            await self._settle(*self._unsettled[0])
            self._unsettled.pop(0)
        for name, look_ns in await self._store.plan(self._clock.now_ns()):
            payload = msgspec.json.encode({"channel": name})
            await self._runner.submit(NewJob(KIND, payload, name, Priority.URGENT, look_ns, words=name))
            self._bus.publish(DeliveriesChanged(name))

    async def _drain(self, context: JobContext) -> str:
        """The job of one channel: send whatever may go now."""
        name, n_sent, n_failed = str(context.payload["channel"]), 0, 0
        while (sending := await self._store.begin(name, self._clock.now_ns())) is not None:
            outcome = await self._send(sending)
            n_sent, n_failed = n_sent + outcome.is_sent, n_failed + (not outcome.is_sent)
        failed = f", {n_failed} failed" if n_failed else ""
        return f"{name}: {n_sent} {'message' if n_sent == 1 else 'messages'} sent{failed}"

    async def _send(self, sending: Sending) -> Outcome:
        """Send what is marked as on its way, and settle it."""
        name, zone = sending.channel.name, parse_zone(sending.channel.zone)
        self._bus.publish(DeliveriesChanged(name))
        reach(_MARKED)
        message = compose(sending.told, zone, n_dropped=sending.n_dropped, may_repeat=sending.may_repeat)
        outcome = await self._carrier.send(sending.address, message)
        reach(_SENT)
        try:
            await self._settle(sending, outcome)
        except Unavailable:  # a full disk, say: it must not be sent again for that
            self._unsettled.append((sending, outcome))
            raise
        return outcome

    async def _settle(self, sending: Sending, outcome: Outcome) -> None:
        name = sending.channel.name
        n_dead = await self._store.settle(sending, outcome, self._clock.now_ns())
        self._bus.publish(DeliveriesChanged(name))
        if n_dead and not sending.is_test:
            title = f"{n_dead} alerts could not be delivered." if n_dead > 1 else "An alert could not be delivered."
            hint = f"Test the channel with: trii channels test {name}; then retry what 'trii channels log' shows as dead."
            self._bus.publish(Notice(Level.WARNING, title, f"{name}: {outcome.words}", hint, "delivery.dead"))
