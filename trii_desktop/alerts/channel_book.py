"""Channels and what became of deliveries, as the windows of alerts read them."""

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from backend.bus import Subscription
from backend.delivery.channel import Channel
from backend.delivery.delivery import Delivery, DeliveryState
from backend.events import DeliveriesChanged
from trii_desktop.desk import Desk
from trii_desktop.widgets.numbers import format_moment

N_DELIVERIES: Final = 500
WORDS: Final = {
    DeliveryState.QUEUED: "waiting",
    DeliveryState.SENDING: "being sent",
    DeliveryState.SENT: "sent",
    DeliveryState.FAILED: "failed, is tried again",
    DeliveryState.DEAD: "failed",
    DeliveryState.ROLLED_UP: "sent with another",
    DeliveryState.SUPPRESSED: "not sent",
}
BAD: Final = frozenset({DeliveryState.FAILED, DeliveryState.DEAD})


class ChannelBook(QObject):
    """Asks the engine; ``changed`` comes when channels or deliveries are other ones."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._deliveries = desk.backend.deliveries
        self._subscriptions: list[Subscription[Any]] = [desk.bridge.subscribe(DeliveriesChanged, self._told)]

    async def channels(self) -> tuple[Channel, ...]:
        """Every channel, by name."""
        return await self._desk.bridge.call(self._deliveries.channels())

    async def names(self) -> tuple[str, ...]:
        """The names of every channel."""
        return tuple(channel.name for channel in await self.channels())

    async def put(self, channel: Channel) -> None:
        """Keep a channel. Raises InvalidInput."""
        await self._desk.bridge.call(self._deliveries.put_channel(channel))
        self.changed.emit()

    async def remove(self, name: str) -> None:
        """Forget a channel."""
        await self._desk.bridge.call(self._deliveries.remove_channel(name))
        self.changed.emit()

    async def test(self, name: str) -> None:
        """Send a test message. Raises what went wrong."""
        await self._desk.bridge.call(self._deliveries.test(name))

    async def newest(self) -> Mapping[str, Delivery]:
        """The newest delivery of each channel."""
        found: dict[str, Delivery] = {}
        for delivery in await self._list():
            known = found.get(delivery.channel)
            if known is None or delivery.created_ns > known.created_ns:
                found[delivery.channel] = delivery
        return found

    async def outcomes(self) -> Mapping[str, str]:
        """What became of each firing on its channels, in words, by the firing's id."""
        found: dict[str, list[str]] = {}
        for delivery in sorted(await self._list(), key=lambda one: one.channel):
            found.setdefault(delivery.firing, []).append(f"{delivery.channel} {told(delivery)}")
        return {firing: ", ".join(parts) for firing, parts in found.items()}

    def close(self) -> None:
        """Hear no more."""
        for subscription in self._subscriptions:
            subscription.close()

    async def _list(self) -> tuple[Delivery, ...]:
        return await self._desk.bridge.call(self._deliveries.list(N_DELIVERIES))

    def _told(self, _event: DeliveriesChanged) -> None:
        self.changed.emit()


def told(delivery: Delivery) -> str:
    """How a delivery stands, in a few words, with why where it did not go."""
    is_well = delivery.state in (DeliveryState.SENT, DeliveryState.ROLLED_UP, DeliveryState.QUEUED, DeliveryState.SENDING)
    why = f" ({delivery.words})" if delivery.words and not is_well else ""
    return f"{WORDS[delivery.state]}{why}"


def told_when(delivery: Delivery, now_ns: int) -> str:
    """The same with the moment."""
    return f"{format_moment(delivery.finished_ns or delivery.created_ns, now_ns)} {told(delivery)}"
