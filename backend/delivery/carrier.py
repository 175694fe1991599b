"""Carries one message to one address, on a thread of its own that nobody waits for longer than a while."""

import asyncio
import importlib
import logging
import threading
from html import escape
from typing import Any, Final

from backend.clock import Clock
from backend.delivery.addresses import Address, parse_address
from backend.delivery.message import Message, without_calls
from backend.delivery.store import Outcome
from backend.delivery.verdict import judge
from backend.delivery.wires import Limits, traced
from backend.errors import TriiError, Unavailable

log = logging.getLogger(__name__)

_CALLING: Final = ("NotifyDiscord", "NotifySlack")
_MARKUP: Final = ("NotifyTelegram",)  # reads markup only, and takes text for such
_NO_LIMITS: Final = Limits()


class Carrier:
    """Sends through apprise; the engine's loop only waits.

    A thread that has begun to speak to a server cannot be ended. One that exceeds its time is left to itself: it ends with
    its own time-outs, holds nothing of ours, and what it may still achieve is told as unsure.
    """

    def __init__(self, clock: Clock, limits: Limits = _NO_LIMITS) -> None:
        self._clock = clock
        self._limits = limits

    async def parse(self, address: str) -> Address:
        """Read an address. Raises InvalidInput."""
        return await asyncio.to_thread(parse_address, address)

    async def send(self, address: str, message: Message) -> Outcome:
        """Bring ``message`` to ``address``; every failure is an outcome in words, none of which names a secret."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Outcome] = loop.create_future()

        def tell(outcome: Outcome) -> None:
            if not done.done():
                done.set_result(outcome)

        def work() -> None:
            outcome = self._send(address, message)
            try:
                loop.call_soon_threadsafe(tell, outcome)
            except RuntimeError:
                log.debug("A message was settled after the program had stopped waiting.")

        threading.Thread(target=work, name="delivery", daemon=True).start()
        try:
            async with asyncio.timeout(self._limits.total_s):
                return await done
        except TimeoutError:
            words = f"It took longer than {self._limits.total_s:g} s; the message may have been sent."
            return Outcome(is_sent=False, words=words, may_pass=True, is_unsure=True)

    def _send(self, address: str, message: Message) -> Outcome:
        try:
            found = parse_address(address)
            with traced(self._limits) as trace:
                try:
                    if _notify(found, message):
                        return Outcome(is_sent=True)
                except Unavailable:
                    if trace.error is None and trace.status is None:
                        raise
                return judge(found, trace, self._clock.now_ns())
        except TriiError as e:
            return Outcome(is_sent=False, words=str(e))


def _notify(address: Address, message: Message) -> bool:
    """Whether apprise says that it was taken. Raises Unavailable."""
    plugin: Any = address.plugin
    title, body = message.title, message.body
    if address.service.plugin in _CALLING:
        title, body = without_calls(title), without_calls(body)
    extras = getattr(plugin, "payload_extras", None)
    if isinstance(extras, dict):
        for name, value in message.fields.items():
            extras.setdefault(name, value)
    formats: Any = importlib.import_module("apprise").NotifyFormat
    body_format = formats.TEXT
    if address.service.plugin in _MARKUP:
        title, body, body_format = escape(title, quote=False), escape(body, quote=False).replace("\n", "<br/>"), formats.HTML
    try:
        return plugin.notify(title=title, body=body, body_format=body_format) is True
    except Exception as e:  # noqa: BLE001 - whatever a service trips over; its words may quote the address
        raise Unavailable(f"{address.service.title} failed inside apprise ({type(e).__name__}).", code="delivery.apprise") from None
