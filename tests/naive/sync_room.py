"""What a room and its messages are after a log, said as questions about the whole log instead of as steps."""

import json


def room_of(log):
    """Name, topic, seats and the rest of a room as plain values; ``log`` is events in order."""
    bodies = [(event, json.loads(event.b)) for event in log if event.b is not None]
    edits = [body for event, body in bodies if event.k == "room.edit"]
    seats = {}
    created = next(((event, body) for event, body in bodies if event.k == "room.create"), None)
    is_direct = created is not None and created[1]["kind"] == "direct"
    if created is not None and log.index(created[0]) == 0:
        seats[created[0].a] = ("member" if is_direct else "owner", created[0].s)
        for seat in created[1].get("members", []):
            if seat.get("role", "member") is not None and seat["u"] not in seats:
                seats[seat["u"]] = ("member" if is_direct else seat.get("role", "member"), created[0].s)
    for event, body in bodies:
        if event.k != "member.set":
            continue
        role = body.get("role", "member")
        if role is None:
            seats.pop(body["u"], None)
        else:
            seats[body["u"]] = (role, seats[body["u"]][1] if body["u"] in seats else event.s)
    first = created[1] if created is not None and log.index(created[0]) == 0 else {}
    return {
        "name": next((body["name"] for body in reversed(edits) if body.get("name") is not None), first.get("name", "")),
        "topic": next((body["topic"] for body in reversed(edits) if body.get("topic") is not None), first.get("topic", "")),
        "seats": seats,
    }


def message_of(log, identity):
    """One message as plain values, or None where there is none."""
    births = [event for event in log if event.k == "msg.create" and event.id == identity]
    if not births:
        return None
    birth = births[0]
    later = [(event, json.loads(event.b)) for event in log if event.s > birth.s and event.b is not None]
    facts = {"a": birth.a, "s": birth.s, "ts": birth.ts}
    if birth.b is None or any(event.k == "erase" and identity in body["targets"] for event, body in later):
        return {**facts, "is_erased": True}
    mine = [(event, body) for event, body in later if body.get("target") == identity]
    said = json.loads(birth.b)
    if any(event.k == "msg.delete" for event, _ in mine):
        return {**facts, "is_deleted": True, "thread": said.get("thread", "")}
    edits = [(event, body) for event, body in mine if event.k == "msg.edit"]
    reactions = {}
    for event, body in mine:
        if event.k == "react.set":
            reactions[body["emoji"], event.a] = body.get("on", True)
    pins = [body.get("on", True) for event, body in mine if event.k == "pin.set"]
    return {
        **facts,
        "text": edits[-1][1]["text"] if edits else said["text"],
        "thread": said.get("thread", ""),
        "edited_s": edits[-1][0].s if edits else 0,
        "editor": edits[-1][0].a if edits else "",
        "pinned": bool(pins and pins[-1]),
        "reactions": {pair for pair, is_on in reactions.items() if is_on},
    }
