"""What a person sees at once: confirmed messages with one's own waiting changes laid over them, and how far each has come."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from backend.chat.message import Delivery
from backend.chat.outbox_rows import Waiting
from backend.chat.why import words_of
from sync_server.protocol.bodies import MsgEdit, parse_body
from sync_server.protocol.events import Kind
from sync_server.protocol.fold import MessageState, RoomFacts, as_event, fold_message, fold_room, touched

_ABOUT_MESSAGES: Final = ("msg.", "react.", "pin.")


@dataclass(slots=True)
class Mark:
    """What is known of a message beside its value: how far it has come, why not, and what of it waits or was overtaken."""

    delivery: Delivery = Delivery.SENT
    why: str = ""
    pending: bool = False
    conflict: str = ""


@dataclass(slots=True)
class Overlaid:
    """Messages by id, confirmed ones in their order and then those that wait; and what is known of some of them."""

    states: dict[str, MessageState]
    marks: dict[str, Mark] = field(default_factory=dict)
    replies: dict[str, tuple[int, int]] = field(default_factory=dict)  # that wait, by their root: how many, when the last

    def mark(self, message: str) -> Mark:
        """The mark of a message, made where it has none."""
        return self.marks.setdefault(message, Mark())


def lay_over(
    states: Iterable[MessageState], waiting: Iterable[Waiting], user: str, *, sending: Collection[str], is_end: bool
) -> Overlaid:
    """``states`` as they will be once everything of this person has arrived.

    sending : ids of operations that are on their way at this moment
    is_end : whether new messages belong behind these, that is, whether these are the newest
    """
    laid = Overlaid({state.id: state for state in states})
    for one in waiting:
        if one.op.k == Kind.MSG_CREATE:
            _lay_message(laid, one, user, is_sending=one.op.id in sending, is_end=is_end)
        else:
            _lay_change(laid, one, user)
    return laid


def overlay_room(room: RoomFacts | None, waiting: Iterable[Waiting], user: str) -> RoomFacts | None:
    """A room as it will be once everything of this person has arrived."""
    for one in waiting:
        if not one.is_refused and not one.op.k.startswith(_ABOUT_MESSAGES):
            room = fold_room(room, as_event(one.op, user))
    return room


def _lay_message(laid: Overlaid, one: Waiting, user: str, *, is_sending: bool, is_end: bool) -> None:
    if one.op.id in laid.states or not is_end:
        return
    state = fold_message(None, one.as_event(user))
    if state is None:
        return
    laid.states[one.op.id] = state
    mark = laid.mark(one.op.id)
    if one.is_refused:
        mark.delivery, mark.why = Delivery.FAILED, words_of(one.code)
    elif not one.s:
        mark.delivery = Delivery.SENDING if is_sending else Delivery.QUEUED


def _lay_change(laid: Overlaid, one: Waiting, user: str) -> None:
    event = as_event(one.op, user)
    for message in touched(event):
        if message not in laid.states:
            continue
        mark = laid.mark(message)
        if one.is_refused:
            body = parse_body(one.op.k, one.op.b)
            mark.conflict = body.text if isinstance(body, MsgEdit) else mark.conflict
            mark.why = words_of(one.code)
            continue
        after = fold_message(laid.states[message], event)
        if after is not None:
            laid.states[message] = after
        mark.pending = True
