"""What the doctor says about the work of the program it runs in."""

import pytest

from backend.app import open_backend
from backend.commands.checkup_work import look_at_work
from backend.commands.findings import Health
from backend.events import SettingsChanged
from tests.fakes.waiting import until


async def test_a_program_of_one_command_has_nothing_to_tell(home):
    async with open_backend(home, watch=False) as backend:
        assert list(look_at_work(backend)) == []


async def test_a_program_that_stays_tells_how_late_it_is_and_how_long_commits_take(home):
    async with open_backend(home) as backend:
        await backend.watchlists.create("Mine")
        await until(lambda: backend.metrics.histogram("engine.lag_ms").read().n)
        found = {finding.subject: finding for finding in look_at_work(backend)}
    assert set(found) == {"engine", "commits"}
    assert found["commits"].facts["n"] == 1
    assert found["commits"].text.startswith("A write to a ledger takes ")


async def test_the_door_for_scripts_is_told_while_it_is_open(home):
    async with open_backend(home, watch=False) as backend:
        await backend.settings.change("api", enabled=True)
        await backend.api.begin()
        [finding] = look_at_work(backend)
        assert finding.facts == {"address": backend.api.address}
    assert (finding.subject, finding.health) == ("scripts", Health.OK)


async def test_slow_frames_are_a_warning(home):
    async with open_backend(home, watch=False) as backend:
        backend.metrics.histogram("ui.frame_ms").record(80.0)
        [finding] = look_at_work(backend)
    assert finding.health is Health.WARNING
    assert "the worst 80.0" in finding.text


@pytest.mark.logs("A handler failed")
async def test_events_that_handlers_failed_on_are_named(home):
    def fail(event: SettingsChanged) -> None:
        raise ZeroDivisionError(event.section)

    async with open_backend(home, watch=False) as backend:
        backend.bus.subscribe(SettingsChanged, fail)
        await backend.settings.change("appearance", theme="light")
        [finding] = look_at_work(backend)
    assert finding.health is Health.WARNING
    assert "settings.changed.v1: ZeroDivisionError: appearance" in finding.text
    assert any("fail" in name for name in finding.facts["handlers"])
