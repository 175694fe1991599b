"""Quotes over a WebSocket: a snapshot of each symbol, then the fields that changed, once a second at most."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from backend.domain.bars import SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound, TriiError
from backend.live.live import Following
from backend.loopback.api_token import is_token
from backend.loopback.failures import explain, unauthorised
from backend.loopback.gate import IS_KNOWN
from backend.loopback.parts import ApiParts
from backend.loopback.quotes import Quotes
from backend.loopback.reading import check_known, parse_fields, parse_symbols
from backend.market.feeds.live_row import LiveRow

log = logging.getLogger(__name__)

UPDATE_NS: Final = SECOND_NS  # between two messages about one symbol
LOOK_S: Final = 0.05
IDLE_NS: Final = 5 * SECOND_NS  # where no trade comes, stored figures may have changed: look so often
SYMBOLS_MAX: Final = 200
GREETING_S: Final = 5.0
POLICY_VIOLATION: Final = 1008


@dataclass(slots=True)
class _Watched:
    """One symbol of one reader.

    told : the fields as the reader has them; None before its snapshot
    seen : what feeds had brought when it was last looked at, at ``looked_ns``
    """

    following: Following
    told: dict[str, Any] | None = None
    seen: tuple[LiveRow | None, bool] | None = None
    looked_ns: int = 0


class QuoteStream:
    """One connection. Nothing waits for a slow reader: its next message is made when the last one has gone."""

    def __init__(self, socket: WebSocket, parts: ApiParts, quotes: Quotes, token: str) -> None:
        self._socket = socket
        self._parts = parts
        self._quotes = quotes
        self._token = token
        self._is_known: bool = socket.scope[IS_KNOWN]
        self._watched: dict[InstrumentId, _Watched] = {}
        self._told_ns: dict[InstrumentId, int] = {}

    async def run(self) -> None:
        """Serve until the reader goes."""
        await self._socket.accept()
        teller: asyncio.Task[None] | None = None
        try:
            if await self._greet():
                teller = self._parts.tasks.start("quotes to a script", self._tell())
                await self._listen()
        except WebSocketDisconnect:
            log.debug("A reader of quotes has gone.")
        finally:
            if teller is not None:
                teller.cancel()
                await asyncio.wait({teller})
            await self._leave(tuple(self._watched))

    # --- what the reader says -----------------------------------------------------------------------------------------

    async def _greet(self) -> bool:
        """Whether the reader knows the token, from its opening request or its first message."""
        if self._is_known:
            return True
        try:
            async with asyncio.timeout(GREETING_S):
                said = parse_fields(await self._socket.receive_text())
        except (TimeoutError, InvalidInput, KeyError):
            said = {}
        if not is_token(said.pop("token", None), self._token):
            await self._send(explain(unauthorised()))
            await self._socket.close(POLICY_VIOLATION)
            return False
        if said.get("action") != "authenticate":
            await self._obey(said)
        return True

    async def _listen(self) -> None:
        while True:
            try:
                text = await self._socket.receive_text()
            except KeyError:  # bytes came, which say nothing here
                text = ""
            try:
                said = parse_fields(text)
            except InvalidInput as error:
                await self._send(explain(error))
                continue
            await self._obey(said)

    async def _obey(self, said: dict[str, Any]) -> None:
        try:
            check_known(said, "action", "symbols")
            symbols = parse_symbols(said, SYMBOLS_MAX)
            match said.get("action"):
                case "subscribe":
                    await self._subscribe(symbols)
                case "unsubscribe":
                    await self._unsubscribe(symbols)
                case other:
                    raise InvalidInput(
                        f"The action {other!r} is not known.", hint="Send subscribe or unsubscribe.", code="stream.action"
                    )
        except TriiError as error:
            await self._send(explain(error))

    async def _subscribe(self, symbols: tuple[str, ...]) -> None:
        taken: list[str] = []
        for symbol in symbols:
            try:
                instrument = (await self._parts.catalog.resolve(symbol)).id
                if instrument not in self._watched:
                    self._check_room()
                    self._watched[instrument] = _Watched(await self._parts.live.follow(instrument))
                taken.append(str(instrument))
                await asyncio.sleep(0)  # as many as there may be: others on the engine come between
            except TriiError as error:
                await self._send({"symbol": symbol, **explain(error)})
        await self._send({"type": "subscribed", "symbols": taken})

    def _check_room(self) -> None:
        if len(self._watched) >= SYMBOLS_MAX:
            hint = "Unsubscribe from some, or open another connection."
            raise InvalidInput(f"A stream carries {SYMBOLS_MAX} symbols.", hint=hint, code="stream.full")

    async def _unsubscribe(self, symbols: tuple[str, ...]) -> None:
        gone: list[InstrumentId] = []
        for symbol in symbols:
            try:
                gone.append((await self._parts.catalog.resolve(symbol)).id)
            except TriiError as error:
                await self._send({"symbol": symbol, **explain(error)})
        left = await self._leave([one for one in dict.fromkeys(gone) if one in self._watched])
        await self._send({"type": "unsubscribed", "symbols": left})

    async def _leave(self, instruments: Sequence[InstrumentId]) -> list[str]:
        for instrument in instruments:
            await self._watched.pop(instrument).following.close()
            await asyncio.sleep(0)  # as many as there may be: others on the engine come between
        return [str(instrument) for instrument in instruments]

    # --- what the reader is told --------------------------------------------------------------------------------------

    async def _tell(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while self._socket.application_state is WebSocketState.CONNECTED:
                for instrument in tuple(self._watched):
                    await self._look(instrument)
                await asyncio.sleep(LOOK_S)

    async def _look(self, instrument: InstrumentId) -> None:
        watched, now_ns = self._watched.get(instrument), self._parts.clock.monotonic_ns()
        told_ns = self._told_ns.get(instrument)
        if watched is None or (told_ns is not None and now_ns - told_ns < UPDATE_NS):
            return
        live = self._parts.live.snapshot()
        seen = live.rows.get(instrument), live.is_stale(instrument, self._parts.clock.now_ns())
        idle_ns = UPDATE_NS if watched.told is None else IDLE_NS
        if seen == watched.seen and now_ns - watched.looked_ns < idle_ns:
            return
        try:
            quote = await self._quotes.get(instrument)
        except TriiError as error:
            if not isinstance(error, NotFound):
                log.warning("A stream has no quote of %s: %s", instrument, error)
            watched.looked_ns, watched.seen = now_ns, seen
            return
        watched.looked_ns, watched.seen = now_ns, seen
        fields = {name: _or_null(value) for name, value in msgspec.to_builtins(quote).items()}
        message = _message(watched.told, fields)
        if message is None or self._watched.get(instrument) is not watched:
            return
        watched.told, self._told_ns[instrument] = fields, now_ns
        await self._send(message)

    async def _send(self, message: Mapping[str, Any]) -> None:
        if "error" in message:
            message = {"type": "error", **message}
        await self._socket.send_text(msgspec.json.encode(message).decode())


def _message(told: dict[str, Any] | None, fields: dict[str, Any]) -> dict[str, Any] | None:
    """The whole quote at first, then what changed; None where nothing did. An age alone is no change."""
    if told is None:
        return {"type": "snapshot", **fields}
    changed = {name: value for name, value in fields.items() if name != "age_s" and value != told[name]}
    return {"type": "delta", "symbol": fields["symbol"], **changed} if changed else None


def _or_null(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
