"""Rooms in memory: plans over plain dictionaries, as a simulation drives them."""

from collections.abc import Sequence

from sync_server.protocol.events import Event, Op, OpResult
from sync_server.rooms.planning import needs, plan
from sync_server.rooms.views import Asked, Count, Decided, MessageView, Plan, RoomsView, RoomView
from tests.fakes.room_ops import NOW_MS, Writer


class PlannedRooms:
    """Everything that was planned so far, applied."""

    def __init__(self, *people: Writer) -> None:
        self.people = {(one.org, one.user) for one in people}
        self.rooms: dict[str, RoomView] = {}
        self.events: dict[str, list[Event]] = {}
        self.messages: dict[tuple[str, str], MessageView] = {}
        self.decided: dict[tuple[str, str], Decided] = {}
        self.counts: dict[tuple[str, str], Count] = {}
        self.plans: list[Plan] = []

    def ask(self, asked: Sequence[tuple[Writer, Op]]) -> tuple[OpResult, ...]:
        """Decide about one batch and keep what was decided."""
        batch = [Asked(writer.actor, op) for writer, op in asked]
        needed = needs(batch)
        view = RoomsView(
            rooms={room: self.rooms[room] for room in needed.rooms if room in self.rooms},
            messages={key: self.messages[key] for key in needed.messages if key in self.messages},
            decided={key: self.decided[key] for key in needed.ops if key in self.decided},
            counts={line: self.counts[line] for line in needed.counts if line in self.counts},
            people=frozenset(needed.people & self.people),
        )
        planned = plan(batch, view, NOW_MS)
        self._keep(planned)
        return planned.results

    def one(self, writer: Writer, op: Op) -> OpResult:
        """The result of a single operation."""
        return self.ask([(writer, op)])[0]

    def all(self, writer: Writer, *ops: Op) -> tuple[OpResult, ...]:
        """The results of one person's operations, asked for together."""
        return self.ask([(writer, op) for op in ops])

    def _keep(self, planned: Plan) -> None:
        self.plans.append(planned)
        for log in planned.logs:
            room = log.after.room
            self.rooms[room] = log.after
            for entered in log.entered:
                event = entered.event
                self.events.setdefault(room, []).append(event)
                decided = Decided(event.d, event.id, room, event.k, event.bh, log.after.epoch, event.s)
                self.decided[event.d, event.id] = decided
                if event.k == "msg.create":
                    self.messages.setdefault((room, event.id), MessageView(room, event.id, event.a, event.s))
        self.messages |= {(message.room, message.id): message for message in planned.messages}
        self.decided |= {(refused.device, refused.id): refused for refused in planned.refused}
        self.counts |= planned.counts
