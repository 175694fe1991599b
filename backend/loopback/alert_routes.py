"""Alerts and what they fired, over HTTP, in the founding JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.alerts.alert import Alert
from backend.alerts.alerts import Alerts
from backend.alerts.firing import AlertRow, Firing, FiringQuery
from backend.alerts.founding import format_moment, format_row, parse_row
from backend.errors import Conflict, InvalidInput, NotFound
from backend.loopback.market_routes import answer
from backend.loopback.reading import check_known, make_cursor, parse_cursor, parse_flag, parse_limit, read_fields
from backend.market.catalog import Catalog

PAGE: Final = 100
PAGE_MAX: Final = 1000
_TOLD: Final = frozenset({"standing", "words", "n_fired"})  # said of an alert, and passed over where it comes back


@dataclass(frozen=True, slots=True)
class AlertRoutes:
    """What scripts do with alerts."""

    alerts: Alerts
    catalog: Catalog

    def routes(self) -> list[Route]:
        """One handler behind both paths of each wish."""
        return [
            Route("/api/v1/alerts", self.list, methods=["GET"]),
            Route("/api/v1/alerts", self.add, methods=["POST"]),
            Route("/api/v1/notifications/alert", self.add, methods=["POST"]),
            Route("/api/v1/alerts/{id}", self.get, methods=["GET"]),
            Route("/api/v1/alerts/{id}", self.change, methods=["PATCH"]),
            Route("/api/v1/alerts/{id}", self.remove, methods=["DELETE"]),
            Route("/api/v1/notifications", self.firings, methods=["GET"]),
            Route("/api/v1/notifications/{id}", self.mark, methods=["PATCH"]),
            Route("/api/v1/notifications/{id}", self.remove, methods=["DELETE"]),
        ]

    async def list(self, request: Request) -> Response:
        """A page of alerts, the oldest first."""
        given = request.query_params
        check_known(given, "symbol", "limit", "cursor")
        limit, place = parse_limit(given, PAGE, PAGE_MAX), parse_cursor(given, int, str)
        rows = sorted(await self.alerts.rows(), key=_place_of)
        if "symbol" in given:
            symbol = str((await self.catalog.resolve(given["symbol"])).id)
            rows = [row for row in rows if row.alert.instrument == symbol]
        if place is not None:
            rows = [row for row in rows if _place_of(row) > place]
        cursor = make_cursor(*_place_of(rows[limit - 1])) if len(rows) > limit else None
        return answer({"alerts": [_say(row) for row in rows[:limit]], "next_cursor": cursor})

    async def get(self, request: Request) -> Response:
        """One alert as it stands."""
        return answer(_say(await self._find(request.path_params["id"])))

    async def add(self, request: Request) -> Response:
        """A new alert, watched from now on."""
        alert = await self._parse(await read_fields(request))
        return answer(_say(await self.alerts.add(alert)), 201)

    async def change(self, request: Request) -> Response:
        """An alert with some of its fields changed; what is not named stays."""
        given = await read_fields(request)
        before = (await self._find(request.path_params["id"])).alert
        if given.get("id", before.id) != before.id:
            raise InvalidInput("The id of an alert never changes.", hint="Leave it out.", code="alert.id")
        if given.keys() == {"enabled"} and isinstance(given["enabled"], bool):
            return answer(_say(await self.alerts.enable(before.id, given["enabled"])))
        alert = await self._parse({**format_row(before), **given})
        kept = msgspec.structs.replace(alert, is_urgent=before.is_urgent)  # the founding form has no word for it
        return answer(_say(await self.alerts.change(kept)))

    async def remove(self, request: Request) -> Response:
        """Forget an alert; what it fired is kept. Raises Conflict where the id is a firing's."""
        wanted = request.path_params["id"]
        try:
            await self.alerts.remove(wanted)
        except NotFound:
            if not await self.alerts.firings(FiringQuery(firing_id=wanted)):
                raise
            raise Conflict(
                "What an alert fired is kept for good.",
                hint='Mark it as read with PATCH {"read": true}, or remove its alert by alert_id.',
                code="notification.kept",
            ) from None
        return Response(status_code=204)

    async def firings(self, request: Request) -> Response:
        """A page of what fired, the newest first."""
        given = request.query_params
        check_known(given, "unread", "alert_id", "limit", "cursor")
        limit = parse_limit(given, PAGE, PAGE_MAX)
        query = FiringQuery(
            alert_id=given.get("alert_id"),
            only_unread=parse_flag(given, "unread"),
            after=parse_cursor(given, int, int, str),
            n_max=limit + 1,
        )
        found = await self.alerts.firings(query)
        cursor = None
        if len(found) > limit:
            last = found[limit - 1]
            cursor = make_cursor(last.fired_ns, last.event_ns, last.id)
        return answer({"notifications": [_tell(firing) for firing in found[:limit]], "next_cursor": cursor})

    async def mark(self, request: Request) -> Response:
        """Remember that a firing was read."""
        given = await read_fields(request)
        check_known(given, "read")
        if given.get("read") is not True:
            raise InvalidInput("A notification can only be marked as read.", hint='Send {"read": true}.', code="notification.read")
        firing_id = request.path_params["id"]
        await self.alerts.mark_read((firing_id,))
        found = await self.alerts.firings(FiringQuery(firing_id=firing_id))
        if not found:
            raise NotFound("There is no such notification.", hint="List them with GET /api/v1/notifications.")
        return answer(_tell(found[0]))

    async def _find(self, alert_id: str) -> AlertRow:
        for row in await self.alerts.rows():
            if row.alert.id == alert_id:
                return row
        raise NotFound(f"There is no alert {alert_id}.", hint="List them with GET /api/v1/alerts.", code="alert.unknown")

    async def _parse(self, given: Mapping[str, Any]) -> Alert:
        fields = {name: value for name, value in given.items() if name not in _TOLD}
        if isinstance(fields.get("symbol"), str):
            fields["symbol"] = str((await self.catalog.resolve(fields["symbol"])).id)
        return parse_row(fields)


def _place_of(row: AlertRow) -> tuple[int, str]:
    return row.alert.created_ns, row.alert.id


def _say(row: AlertRow) -> dict[str, Any]:
    standing = {"standing": str(row.standing), "words": row.words, "n_fired": row.n_fired}
    return {**format_row(row.alert, row.last_fired_ns), **standing}


def _tell(firing: Firing) -> dict[str, Any]:
    return {
        "id": firing.id,
        "alert_id": firing.alert_id,
        "symbol": firing.instrument,
        "message": firing.words,
        "price": firing.price,
        "value": firing.value,
        "level": firing.level,
        "triggered_at": format_moment(firing.event_ns),
        "noticed_at": format_moment(firing.fired_ns),
        "late": firing.is_late,
        "read": firing.is_read,
    }
