"""Accounts over HTTP: the founding addresses and the versioned ones, repeated requests, problems, limits, pages."""

import base64
from urllib.parse import quote

import pytest

from sync_server.accounts.routes import accounts_router
from sync_server.accounts.values import InvitationTerms, KeyTerms
from sync_server.actor import Role
from sync_server.protocol.codes import Code
from tests.fakes.accounts_house import PASSWORD, accounts_house
from tests.fakes.accounts_http import accounts_client, bearer

DEVICE = {"id": "device-0002", "name": "Laptop"}
EMAIL = "olga@example.org"


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'server.db'}"


def told(answer, status, code):
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    return problem


@pytest.mark.parametrize("root", ["/api/auth", "/api/v1/auth"])
async def test_a_person_registers_signs_in_renews_and_signs_out_at_both_addresses(url, tmp_path, root):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        code = await house.accounts.invitations.first_code(house.org)
        asked = {"code": code, "email": EMAIL, "name": "Olga", "password": PASSWORD, "device": DEVICE}
        joined = await client.post(f"{root}/register", json=asked)
        assert joined.status_code == 201
        login = await client.post(f"{root}/login", json={"email": EMAIL, "password": PASSWORD, "device": {"id": "device-0003"}})
        assert login.status_code == 200
        renewed = await client.post(f"{root}/refresh", json={"refresh": login.json()["refresh"]})
        assert renewed.status_code == 200
        me = await client.get("/api/v1/users/me", headers=bearer(renewed.json()["access"]))
        assert (me.json()["email"], me.json()["role"], me.json()["preferences"]) == (EMAIL, "owner", {})

        assert (await client.post(f"{root}/logout", json={}, headers=bearer(renewed.json()["access"]))).status_code == 204
        told(await client.get("/api/v1/users/me", headers=bearer(renewed.json()["access"])), 401, Code.ENDED)
        told(await client.post(f"{root}/refresh", json={"refresh": renewed.json()["refresh"]}), 401, Code.ENDED)


def test_the_founding_addresses_and_the_versioned_ones_are_one_handler_each():
    router = accounts_router()
    for verb in ("register", "login", "refresh", "logout"):
        handlers = [route.route_handlers for route in router.routes if route.path.endswith(f"/auth/{verb}")]
        assert len(handlers) == 2
        assert len({handler.fn for found in handlers for handler in found if "POST" in handler.http_methods}) == 1


async def test_every_address_but_those_for_coming_in_asks_for_a_token(url, tmp_path):
    open_to_all = {"/auth/register", "/auth/login", "/auth/refresh", "/auth/invitation", "/auth/reset", "/jwks.json"}
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        n_closed = 0
        for route in accounts_router().routes:
            if any(route.path.endswith(path) for path in open_to_all):
                continue
            for method in set(route.methods) - {"OPTIONS", "HEAD"}:
                path = route.path_format.replace("{", "").replace("}", "")
                for headers in ({}, bearer("x.y.z"), {"Authorization": "Basic b2xnYTpvbGdh"}, {"Authorization": "Bearer "}):
                    answer = await client.request(method, path, headers=headers, json={})
                    told(answer, 401, Code.NOT_SIGNED_IN)
                    assert answer.headers["www-authenticate"] == "Bearer"
                n_closed += 1
        assert n_closed >= 24


async def test_no_answer_may_be_kept_by_a_cache(url, tmp_path):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        tokens = await house.join(await house.accounts.invitations.first_code(house.org), EMAIL, "Olga")
        for path in ("/api/v1/users/me", "/api/v1/users", "/api/v1/people"):
            assert (await client.get(path, headers=bearer(tokens.access))).headers["cache-control"] == "no-store"


async def test_a_request_sent_again_with_its_key_is_answered_again_and_makes_nothing_more(url, tmp_path):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        code = await house.accounts.invitations.first_code(house.org)
        asked = {"code": code, "email": EMAIL, "name": "Olga", "password": PASSWORD, "device": DEVICE}
        first, again = [await client.post("/api/auth/register", json=asked, headers={"Idempotency-Key": "k-1"}) for _ in range(2)]
        assert (first.status_code, again.json()) == (201, first.json())

        headers = bearer(first.json()["access"]) | {"Idempotency-Key": "k-1"}
        one, two = [await client.post("/api/v1/invitations", json={"role": "trader"}, headers=headers) for _ in range(2)]
        assert (one.status_code, two.json()) == (201, one.json())
        told(await client.post("/api/v1/invitations", json={"role": "guest"}, headers=headers), 409, Code.ID_TAKEN)
        assert len((await client.get("/api/v1/invitations", headers=headers)).json()["invitations"]) == 1
        for key in ("", "with space", "x" * 129, "ä"):
            wrong = bearer(first.json()["access"]) | {"Idempotency-Key": key.encode("utf-8")}
            told(await client.post("/api/v1/invitations", json={}, headers=wrong), 400, Code.BAD_BODY)


async def test_too_many_tries_are_told_when_to_come_again_and_then_may(url, tmp_path):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        await house.owner()
        asked = {"email": EMAIL, "password": "wrong", "device": DEVICE}
        answers = [await client.post("/api/auth/login", json=asked) for _ in range(6)]

        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        problem = told(answers[5], 429, Code.LIMITED)
        assert int(answers[5].headers["retry-after"]) * 1_000 >= problem["retry_after_ms"] > 0
        right = asked | {"password": PASSWORD}
        told(await client.post("/api/auth/login", json=right), 429, Code.LIMITED)
        house.clock.advance(problem["retry_after_ms"])
        assert (await client.post("/api/auth/login", json=right)).status_code == 200


async def test_a_person_has_a_hundred_requests_a_minute(url, tmp_path):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        tokens = await house.join(await house.accounts.invitations.first_code(house.org), EMAIL, "Olga")
        codes = [(await client.get("/api/v1/users/me", headers=bearer(tokens.access))).status_code for _ in range(101)]

        assert codes == [200] * 100 + [429]


async def test_lists_are_pages_whose_cursors_are_good_for_that_list_alone(url, tmp_path):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        owner = await house.owner()
        tokens = await house.signed_in(EMAIL)
        for number in range(4):
            await house.invite(owner, f"p{number}@example.org", Role.GUEST)
        emails, cursor = [], ""
        while True:
            page = (await client.get("/api/v1/users", params={"limit": 2, "cursor": cursor}, headers=bearer(tokens.access))).json()
            emails += [row["email"] for row in page["users"]]
            cursor = page["next"]
            if not cursor:
                break

        assert emails == [EMAIL, *(f"p{number}@example.org" for number in range(4))]
        guessed = base64.urlsafe_b64encode(b"x" * 32 + owner.user.encode()).decode().rstrip("=")
        for wrong in ("x", guessed):
            told(await client.get("/api/v1/users", params={"cursor": wrong}, headers=bearer(tokens.access)), 400, Code.BAD_BODY)


@pytest.mark.parametrize(("path", "rows"), [("/api/v1/invitations", "invitations"), ("/api/v1/api-keys", "keys")])
async def test_invitations_and_keys_come_page_by_page_the_newest_first_each_once(url, tmp_path, path, rows):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        owner = await house.stepped(await house.owner())
        headers = bearer((await house.signed_in(EMAIL, code=house.code_of(owner.user, 1))).access)
        made = []
        for number in range(5):
            house.clock.advance(1)
            if rows == "keys":
                made.append((await house.accounts.api_keys.make(owner, KeyTerms(f"k{number}", ("chat:read",)))).id)
            else:
                made.append((await house.accounts.invitations.make(owner, InvitationTerms())).id)
        found, cursor, sizes = [], "", []
        while True:
            page = (await client.get(path, params={"limit": 2, "cursor": cursor}, headers=headers)).json()
            sizes.append(len(page[rows]))
            found += [row["id"] for row in page[rows]]
            cursor = page["next"] or cursor
            if not page["next"]:
                break

        assert (found, sizes) == (made[::-1], [2, 2, 1])
        told(await client.get("/api/v1/users", params={"cursor": cursor}, headers=headers), 400, Code.BAD_BODY)


async def test_what_is_out_of_bounds_is_refused_with_a_reason_and_changes_nothing(url, tmp_path):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        tokens = await house.join(await house.accounts.invitations.first_code(house.org), EMAIL, "Olga")
        headers = bearer(tokens.access)
        before = (await client.get("/api/v1/users/me", headers=headers)).json()
        for body in (
            {"role": "owner"},
            {"name": ""},
            {"name": 7},
            {"preferences": []},
            {"trading_style": "x" * 201},
            {"email": "a@b.c"},
            [],
        ):
            told(await client.patch("/api/v1/users/me", json=body, headers=headers), 400, Code.BAD_BODY)
        told(
            await client.patch("/api/v1/users/me", json={"preferences": {"a": "x" * 17_000}}, headers=headers), 400, Code.TOO_LARGE
        )
        told(await client.post("/api/auth/login", content=b"{", headers={"content-type": "application/json"}), 400, Code.BAD_BODY)
        told(await client.post("/api/v1/invitations", json={"uses": 0}, headers=headers), 400, Code.BAD_BODY)

        assert (await client.get("/api/v1/users/me", headers=headers)).json() == before


async def test_a_member_gets_no_address_and_no_invitation_out_of_the_server(url, tmp_path):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        owner = await house.owner()
        tokens = await house.invite(owner, "tom@example.org", Role.TRADER)
        headers = bearer(tokens.access)
        for method, path, body in (
            ("GET", "/api/v1/users", None),
            ("GET", "/api/v1/invitations", None),
            ("POST", "/api/v1/invitations", {}),
            ("GET", "/api/v1/api-keys", None),
            ("POST", "/api/v1/api-keys", {"name": "Bot", "scopes": ["admin"]}),
            ("PATCH", f"/api/v1/users/{owner.user}", {"role": "guest"}),
            ("PATCH", f"/api/v1/users/{tokens.user}", {"role": "owner"}),
            ("POST", f"/api/v1/users/{owner.user}/reset", {}),
            ("PATCH", "/api/v1/org", {"name": "Mine"}),
        ):
            told(await client.request(method, path, json=body, headers=headers), 403, Code.NOT_ALLOWED)
        people = (await client.get("/api/v1/people", headers=headers)).text
        assert "@example.org" not in people


async def test_sessions_factor_password_keys_and_deletion_are_all_reachable(url, tmp_path):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        owner = await house.owner()
        tokens = await house.signed_in(EMAIL)
        headers = bearer(tokens.access)

        async def post(path, body, status):
            answer = await client.post(path, json=body, headers=headers)
            assert answer.status_code == status, answer.text
            return answer.json() if answer.content else None

        enrolment = await post("/api/v1/auth/factor", {"password": PASSWORD}, 201)
        house.seeds[tokens.user] = enrolment["secret"]
        await post("/api/v1/auth/factor/confirm", {"code": house.code_of(tokens.user)}, 204)
        assert len((await post("/api/v1/auth/factor/recovery-codes", {"password": PASSWORD}, 201))["recovery_codes"]) == 10
        key = await post("/api/v1/api-keys", {"name": "Bot", "scopes": ["users:read"]}, 201)
        people = await client.get("/api/v1/people", headers=bearer(key["key"]))
        assert key["user"] in {seen["u"] for seen in people.json()["people"]}
        assert len((await client.get("/api/v1/api-keys", headers=headers)).json()["keys"]) == 1
        assert (await client.delete(f"/api/v1/api-keys/{key['id']}", headers=headers)).status_code == 204
        told(await client.get("/api/v1/people", headers=bearer(key["key"])), 401, Code.NOT_SIGNED_IN)

        tom = await house.invite(owner, "tom@example.org")
        assert (await client.patch(f"/api/v1/users/{tom.user}", json={"role": "moderator"}, headers=headers)).status_code == 204
        reset = await post(f"/api/v1/users/{tom.user}/reset", {}, 201)
        answer = await client.post("/api/v1/auth/reset", json={"code": reset["code"], "password": "nine dry leaves in may"})
        assert answer.status_code == 204
        invitation = await post("/api/v1/invitations", {"role": "guest", "uses": 3, "days": 2}, 201)
        look = await client.post("/api/v1/auth/invitation", json={"code": invitation["code"]})
        assert (look.json()["org"], look.json()["role"]) == ("Team", "guest")
        assert (await client.delete(f"/api/v1/invitations/{invitation['id']}", headers=headers)).status_code == 204
        assert (await client.patch("/api/v1/org", json={"name": "Kestrel"}, headers=headers)).status_code == 204

        listed = (await client.get("/api/v1/users/me/sessions", headers=headers)).json()["sessions"]
        assert {row["id"]: row["is_this"] for row in listed} == {owner.session: False, tokens.session: True}
        assert (await client.delete(f"/api/v1/users/me/sessions/{owner.session}", headers=headers)).status_code == 204
        assert (await client.delete("/api/v1/users/me/sessions", headers=headers)).json() == {"n_ended": 0}
        house.clock.advance(30_000)
        await post("/api/v1/auth/step-up", {"code": house.code_of(tokens.user)}, 204)
        await post("/api/v1/auth/password", {"old": PASSWORD, "new": "ten blue doors at dusk"}, 204)
        house.clock.advance(30_000)
        removal = {"password": "ten blue doors at dusk", "code": house.code_of(tokens.user)}
        await post("/api/v1/auth/factor/remove", removal, 204)
        leaving = await client.request("DELETE", "/api/v1/users/me", json={"password": "ten blue doors at dusk"}, headers=headers)
        told(leaving, 409, Code.NOT_ALLOWED)  # the last owner
        assert (await client.get("/.well-known/jwks.json")).json() == house.accounts.jwks()


async def test_no_text_from_outside_makes_either_database_fail(database_url, tmp_path):
    hostile = [
        "\x00",
        "a\x00b",
        "'; DROP TABLE users; --",
        "$1",
        "%",
        "\u2028",
        "\u202e",
        "x" * 10_000,
        "😀" * 60,
        "../../etc",
        "\x7f",
    ]
    async with accounts_house(database_url, tmp_path) as house, accounts_client(house) as client:
        owner = await house.stepped(await house.owner())
        house.clock.advance(30_000)
        tokens = await house.signed_in(EMAIL, code=house.code_of(owner.user))
        invitation = await house.accounts.invitations.make(owner, InvitationTerms(uses=100))
        house.accounts.limits.take = lambda *_: 0  # no limit ends this early
        headers, statuses = bearer(tokens.access), set()
        for text in hostile:
            quoted = quote(text, safe="")
            device = {"id": "device-evil", "name": text}
            joining = {"code": invitation.code, "email": "eve@example.org", "name": text, "password": text, "device": device}
            asked = [
                ("POST", "/api/auth/login", {"email": text, "password": text, "device": device}),
                ("POST", "/api/auth/login", {"ticket": text, "code": text, "device": {"id": text}}),
                ("POST", "/api/auth/register", joining),
                ("POST", "/api/auth/register", joining | {"name": "Eve", "password": PASSWORD, "email": text}),
                ("POST", "/api/auth/refresh", {"refresh": text}),
                ("POST", "/api/v1/auth/reset", {"code": text, "password": PASSWORD}),
                ("POST", "/api/v1/auth/step-up", {"code": text}),
                ("PATCH", "/api/v1/users/me", {"name": text}),
                ("PATCH", "/api/v1/users/me", {"trading_style": text, "risk_tolerance": text}),
                ("PATCH", "/api/v1/users/me", {"preferences": {text: text, "deep": [[{text: 1.5}]]}}),
                ("PATCH", f"/api/v1/users/{quoted}", {"is_disabled": True}),
                ("DELETE", f"/api/v1/users/me/sessions/{quoted}", None),
                ("DELETE", f"/api/v1/invitations/{quoted}", None),
                ("DELETE", f"/api/v1/api-keys/{quoted}", None),
                ("POST", "/api/v1/api-keys", {"name": text, "scopes": ["chat:read", text], "networks": [text]}),
                ("POST", "/api/v1/api-keys", {"name": text, "scopes": ["chat:read"]}),
                ("PATCH", "/api/v1/org", {"name": text}),
                ("GET", f"/api/v1/users?cursor={quoted}", None),
            ]
            for method, path, body in asked:
                answer = await client.request(method, path, json=body, headers=headers)
                statuses.add(answer.status_code)
                assert answer.status_code < 500, (method, path, text, answer.text)

        assert {200, 400, 401, 404} <= statuses
        assert (await client.get("/api/v1/users/me", headers=headers)).json()["id"] == owner.user
        assert all(row.name.isprintable() for row in await house.accounts.directory.users(owner))
