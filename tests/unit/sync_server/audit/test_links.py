"""Every change to an audit log is seen: an entry changed, taken out, put in, moved, or the end cut off."""

from collections.abc import Sequence

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync_server.audit.links import AuditEntry, Link, Root, Verdict, Verifier, format_body, next_link, sign_root

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
N = 12


def log(n: int = N) -> list[Link]:
    links: list[Link] = []
    for number in range(1, n + 1):
        entry = AuditEntry("org", "auth.login", f"user-{number}", detail={"try": number})
        links.append(next_link(links[-1] if links else None, 1_000 + number, number.to_bytes(16), format_body(entry)))
    return links


def verify(links: Sequence[Link], *roots: Root) -> Verdict:
    verifier = Verifier(roots, KEY.public_key())
    for link in links:
        verifier.look(link)
    return verifier.verdict()


def renumbered(links: Sequence[Link]) -> list[Link]:
    return [msgspec.structs.replace(link, n=n) for n, link in enumerate(links, 1)]


def test_a_log_that_nobody_touched_is_whole() -> None:
    links = log()
    verdict = verify(links, sign_root("2026-11-20", links[4], KEY), sign_root("2026-11-21", links[-1], KEY))
    assert verdict == Verdict(N, 2, links[-1].h)
    assert verdict.is_whole
    assert verify([]).is_whole


@pytest.mark.parametrize("at", [0, 5, N - 1])
@pytest.mark.parametrize(
    "change",
    [
        {"ts": 1},
        {"ts": 2**64},
        {"body": '{"org":"org"}'},
        {"body": ""},
        {"salt": ""},
        {"salt": "!"},
        {"bh": "A" * 43},
        {"bh": "?"},
        {"h": "A" * 43},
        {"h": "-"},
        {"n": 99},
        {"n": 0},
    ],
    ids=str,
)
def test_any_changed_field_of_any_entry_is_seen_at_that_entry(at: int, change: dict[str, object]) -> None:
    links = log()
    links[at] = msgspec.structs.replace(links[at], **change)
    verdict = verify(links, sign_root("2026-11-21", log()[-1], KEY))
    assert not verdict.is_whole
    assert verdict.problems[0].n in (at + 1, change.get("n"))


@pytest.mark.parametrize("at", [0, 5, N - 1])
def test_an_entry_changed_together_with_its_own_hashes_is_seen_at_the_next_or_by_the_root(at: int) -> None:
    links = log()
    root = sign_root("2026-11-21", links[-1], KEY)
    before = links[at - 1] if at else None
    links[at] = next_link(before, links[at].ts, bytes(16), format_body(AuditEntry("org", "auth.login", "mallory")))
    assert not verify(links, root).is_whole


def test_a_whole_log_written_anew_is_seen_by_a_root_that_was_kept() -> None:
    root = sign_root("2026-11-21", log()[6], KEY)
    links: list[Link] = []
    for number in range(1, N + 1):
        links.append(next_link(links[-1] if links else None, number, bytes(16), format_body(AuditEntry("org", f"forged.{number}"))))
    assert verify(links).is_whole
    assert [problem.n for problem in verify(links, root).problems] == [7]


@pytest.mark.parametrize("at", [0, 5, N - 1])
def test_a_deleted_entry_is_seen_also_when_the_rest_was_numbered_again(at: int) -> None:
    links = log()
    root = sign_root("2026-11-21", links[-1], KEY)
    del links[at]
    assert not verify(links, root).is_whole
    assert not verify(renumbered(links), root).is_whole


@pytest.mark.parametrize("at", [0, 5, N])
def test_an_inserted_entry_is_seen_also_when_the_rest_was_numbered_again(at: int) -> None:
    links = log()
    root = sign_root("2026-11-21", links[-1], KEY)
    forged = next_link(links[at - 1] if at else None, 1, bytes(16), format_body(AuditEntry("org", "forged")))
    links.insert(at, forged)
    assert verify(links, root).is_whole is (at == N)  # an entry after the end is an honest next one
    assert verify(renumbered(links), root).is_whole is (at == N)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (3, 9), (N - 2, N - 1)])
def test_entries_that_changed_places_are_seen(one: int, other: int) -> None:
    links = log()
    links[one], links[other] = links[other], links[one]
    assert not verify(links).is_whole
    assert not verify(renumbered(links)).is_whole


@pytest.mark.parametrize("n_left", [0, 1, N - 1])
def test_a_log_that_was_cut_off_is_seen_by_its_root(n_left: int) -> None:
    root = sign_root("2026-11-21", log()[-1], KEY)
    problems = verify(log()[:n_left], root).problems
    assert [problem.n for problem in problems] == [N]
    assert f"the last one is {n_left}" in problems[0].what


def test_a_root_that_another_key_signed_or_that_was_changed_is_seen() -> None:
    links = log()
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    good = sign_root("2026-11-21", links[-1], KEY)
    for bad in (
        sign_root("2026-11-21", links[-1], other),
        msgspec.structs.replace(good, day="2026-11-22"),
        msgspec.structs.replace(good, n=N - 1, h=links[-2].h),
        msgspec.structs.replace(good, signature=""),
        msgspec.structs.replace(good, signature="%"),
    ):
        assert any("not signed by this server" in problem.what for problem in verify(links, bad).problems)


def test_a_log_of_nothing_but_damage_tells_the_first_hundred() -> None:
    broken = [msgspec.structs.replace(link, bh="A" * 43) for link in log(300)]
    assert len(verify(broken).problems) == 100


def test_entries_without_their_content_still_bind() -> None:
    bare = [msgspec.structs.replace(link, body=None, salt="") for link in log()]
    root = sign_root("2026-11-21", log()[-1], KEY)
    assert verify(bare, root).is_whole
    assert not verify([*bare[:3], *bare[4:]], root).is_whole
