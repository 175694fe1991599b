"""The audit log over HTTP: pages for those who answer for it, one's own for everyone else, and a file that proves itself."""

from pathlib import Path
from types import SimpleNamespace

from sync_server.actor import Role
from sync_server.audit.export import verify_export
from sync_server.cli import keeping
from tests.fakes.sync_server import served


async def test_the_log_is_read_page_by_page_and_by_nobody_it_does_not_concern(database_url: str, tmp_path: Path) -> None:
    database = "" if database_url.startswith("sqlite") else database_url
    async with served(tmp_path, database=database) as house:
        mia, gus = await house.invite("Mia"), await house.invite("Gus", Role.GUEST)
        async with house.client(house.admin) as olga:
            numbers: list[int] = []
            cursor = ""
            while True:
                page = (await olga.get("/v1/audit", params={"cursor": cursor, "limit": 2})).json()
                numbers += [noted["n"] for noted in page["entries"]]
                cursor = page["cursor"]
                if not cursor:
                    break
            assert len(numbers) > 3
            assert numbers == sorted(numbers, reverse=True)
            first = (await olga.get("/v1/audit", params={"limit": 1})).json()
            stolen = {"cursor": first["cursor"], "limit": 1, "who": mia.user}
            assert (await olga.get("/v1/audit", params=stolen)).status_code == 400
            assert (await olga.get("/v1/audit", params={"limit": 0})).status_code in (400, 422)
        async with house.client(mia) as client:
            assert (await client.get("/v1/audit")).status_code == 403
            assert (await client.get("/v1/audit", params={"who": house.admin.user})).status_code == 403
            assert (await client.get("/v1/audit/export")).status_code == 403
            own = (await client.get("/v1/audit", params={"who": mia.user})).json()["entries"]
            assert {noted["entry"]["actor"] for noted in own} == {mia.user}
        async with house.client(gus) as client:
            assert (await client.get("/v1/audit", params={"who": gus.user})).status_code == 403
        async with house.client() as nobody:
            assert (await nobody.get("/v1/audit")).status_code == 401


async def test_the_file_of_the_log_verifies_against_the_pin_and_shows_every_change(tmp_path: Path) -> None:
    async with served(tmp_path) as house, house.client(house.admin) as olga:
        await house.server.audit.sign_day()
        answer = await olga.get("/v1/audit/export")
        assert answer.status_code == 200
        assert "attachment" in answer.headers["content-disposition"]
        lines = answer.content.splitlines()
        pin = house.server.keys.pin
    verdict = verify_export(lines, pin)
    assert verdict.is_whole
    assert verdict.n_entries == len(lines) - 1 - verdict.n_roots > 0
    assert verdict.n_roots == 1
    assert not verify_export(lines[:-1], pin).is_whole
    assert not verify_export([line.replace(b"auth", b"oath") for line in lines], pin).is_whole
    file = tmp_path / "audit.jsonl"
    file.write_bytes(answer.content)
    said: list[str] = []
    command = SimpleNamespace(asked=SimpleNamespace(backup=file), say=said.append)
    assert await keeping.verify(command) == 0
    assert said == ["The audit log is whole."]
    file.write_bytes(b"\n".join(lines[:-1]))
    assert await keeping.verify(command) == 1
