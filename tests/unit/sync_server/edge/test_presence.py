"""Who is there, told when it changes and again before it fades."""

from sync_server.edge.presence import GRACE_MS, Presence
from sync_server.protocol.limits import PRESENCE_MS

NOW = 1_790_000_000_000


def told(presence, at_ms):
    return [(said.a, said.b) for _, said in presence.tick(at_ms)]


def test_coming_is_told_once_and_again_before_it_fades():
    presence = Presence()
    presence.came("ann", "org", "c1", NOW)

    assert told(presence, NOW) == [("ann", "online")]
    assert told(presence, NOW + 1_000) == []
    assert told(presence, NOW + PRESENCE_MS * 2 // 3) == [("ann", "online")]


def test_a_short_break_is_no_absence():
    presence = Presence()
    presence.came("ann", "org", "c1", NOW)
    presence.tick(NOW)
    presence.went("ann", "c1", NOW + 1_000)
    assert told(presence, NOW + GRACE_MS) == []
    presence.came("ann", "org", "c2", NOW + GRACE_MS)

    assert told(presence, NOW + 2 * GRACE_MS + 1_000) == []


def test_going_is_told_once_after_the_grace_and_when_was_last_seen_is_known():
    presence = Presence()
    presence.came("ann", "org", "c1", NOW)
    presence.tick(NOW)
    presence.went("ann", "c1", NOW + 1_000)

    assert told(presence, NOW + 1_000 + GRACE_MS) == [("ann", "offline")]
    assert told(presence, NOW + 2_000 + GRACE_MS) == []
    assert presence.seen_ms("ann") == NOW + 1_000
    assert presence.seen_ms("bob") == 0


def test_the_most_present_of_several_connections_counts():
    presence = Presence()
    presence.came("ann", "org", "c1", NOW)
    presence.came("ann", "org", "c2", NOW)
    presence.says("ann", "c1", "away", NOW)
    assert presence.state("ann") == "online"
    presence.says("ann", "c2", "busy", NOW)
    assert presence.state("ann") == "busy"
    presence.went("ann", "c2", NOW)

    assert presence.state("ann") == "away"
    assert presence.present("org") == []  # others hear of it first with the next tick, and so does who comes
    presence.tick(NOW)
    assert [(said.a, said.b) for said in presence.present("org")] == [("ann", "away")]
    assert presence.present("other") == []


def test_nobody_speaks_for_a_connection_that_is_not_there():
    presence = Presence()
    presence.says("ann", "c1", "busy", NOW)
    presence.went("ann", "c1", NOW)

    assert (presence.state("ann"), told(presence, NOW)) == ("offline", [])


def test_the_more_people_the_longer_it_holds_so_that_telling_again_stays_cheap():
    presence = Presence()
    for n in range(1_000):
        presence.came(f"p{n}", "org", f"c{n}", NOW)
    first = presence.tick(NOW)

    assert first[0][1].ttl == 50 * PRESENCE_MS
    assert presence.tick(NOW + PRESENCE_MS) == []
