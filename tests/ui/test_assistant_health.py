"""The dialog of diagnostics: what it says of device, engine, pace and money, and the real assistant underneath."""

from functools import partial

import pytest
from PySide6.QtWidgets import QWidget

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Done, EngineState, EngineStats, Finish, Loaded
from backend.assistant.engines.hardware import Gpu, Hardware
from backend.assistant.health import AssistantHealth, ServiceHealth
from backend.assistant.pace import ModelPace, ModePace
from backend.assistant.remotes import ServiceState
from backend.telemetry.metrics import Distribution
from tests.fakes.dialogs import nameless, opened
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.assistant.health.health_dialog import HealthDialog

GB = 10**9
LOADED = Loaded("Qwen3 4B", "/q.gguf", "0" * 64, 8_192, 1, 20, 3, GB, has_template=True, place="own process", load_s=1.0)
DONE = Done(Finish.STOP, 10, 5, 100, 300.0, 900.0, 38.4)
STATS = EngineStats(EngineState.READY, LOADED, n_requests=7, n_waiting=2, last=DONE)
NONE = Distribution(0, 0, 0, 0, 0, 0)


def health(stats=STATS, *, p95=300.0, spent=0.4, is_down=False):
    waits = Distribution(9, 900.0, 210.0, p95, p95, p95)
    models = (ModelPace("Qwen3 4B", p95, 5, rests=p95 > 500), ModelPace("SmolLM2", 120.0, 4, rests=False))
    paces = tuple(
        ModePace(mode, waits, 500.0, waits, models) if mode is Mode.FAST else ModePace(mode, NONE, 500.0, NONE) for mode in Mode
    )
    state = ServiceState("openai", "OpenAI", "gpt-5", "api", has_key=True, needs_key=True)
    service = ServiceHealth(state, is_set_up=True, is_down=is_down)
    return AssistantHealth(stats, paces, (service,), "prefer_local", "2026-11", spent, 5.0)


@pytest.fixture
def dialog(qapp):
    parent = QWidget()
    reads = []
    made = HealthDialog(parent, partial(reads.append, 1))
    made.reads = reads
    yield made
    parent.deleteLater()


def words(dialog, name):
    return dialog.values[name].text().replace("\u202f", " "), dialog.values[name].property("role")


def test_it_says_device_engine_pace_services_and_money(dialog):
    dialog.show_health(health())
    dialog.show_hardware(Hardware(8, 32 * GB, 20 * GB, (Gpu("RTX 4070", 12 * GB, 9 * GB),)))
    engine, _ = words(dialog, "Engine")
    for part in ("Qwen3 4B in own process", "20 layers on the graphics card", "38 tokens a second", "2 waiting", "7 answered"):
        assert part in engine
    assert "9.0 GB of 12.0 GB free" in words(dialog, "Device")[0]
    assert words(dialog, "Fast")[1] == "good"
    assert words(dialog, "Fast")[0].startswith(
        "210 ms for half, 300 ms for 95 of a hundred of 9; the goal is 500 ms: held. To the end"
    )
    assert words(dialog, "Fast")[0].endswith("By model: Qwen3 4B 300 ms, SmolLM2 120 ms")
    assert words(dialog, "Deep Thinking") == ("Nothing asked yet; the goal is 500 ms", "muted")
    assert words(dialog, "Services")[0].endswith("OpenAI (gpt-5).")
    assert words(dialog, "Spent")[0] == "0.40 of 5.00 US$ in 2026-11"
    assert "Spent: 0.40" in dialog.text()
    assert nameless(dialog) == []


def test_what_is_amiss_is_told_as_such(dialog):
    broken = EngineStats(EngineState.BROKEN, words="It ended twice.")
    dialog.show_health(health(broken, p95=900.0, spent=5.0, is_down=True))
    dialog.show_hardware(Hardware(8, 32 * GB, 20 * GB, (Gpu("RTX 4070", 12 * GB, 9 * GB, is_usable=False),)))
    assert words(dialog, "Engine")[1] == "error"
    assert "It ended twice." in words(dialog, "Engine")[0]
    assert words(dialog, "Fast")[1] == "warning"
    assert "500 ms: not held." in words(dialog, "Fast")[0]
    assert "Qwen3 4B 900 ms (too slow, rests), SmolLM2 120 ms" in words(dialog, "Fast")[0]
    assert "OpenAI (down)" in words(dialog, "Services")[0]
    assert words(dialog, "Spent")[1] == "warning"
    assert "cannot compute on it" in words(dialog, "Device")[0]


def test_it_is_read_while_it_is_seen_and_no_longer(dialog):
    dialog.show()
    assert dialog.reads
    assert dialog._timer.isActive()
    dialog.hide()
    assert not dialog._timer.isActive()


def test_the_window_opens_it_on_the_real_assistant(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            await shown(lambda: desktop.panels.assistant is not None)
            desktop.workbench.actions.by_id["assistant.health"].trigger()
            await shown(lambda: opened("HealthDialog"))
            dialog = opened("HealthDialog")
            await shown(lambda: "cores" in words(dialog, "Device")[0] or "free" in words(dialog, "Device")[0])
            await shown(lambda: words(dialog, "Engine")[0].startswith("No model is loaded"))
            assert "only" in words(dialog, "Services")[0]
            dialog.close()

    run_on_qt(story(), 60)
