"""Replay on the real window: begins in view, steps, plays, seeks, and every chart and indicator follows."""

from backend.charts.chart_state import Study
from backend.charts.pace import PACES, Pace, PaceUnit
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown

TIMES = "\N{MULTIPLICATION SIGN}"


async def _replayed(desktop):
    actions = desktop.workbench.actions.by_id
    chart = desktop.panels.chart
    chart.change_now(chart.state.with_study(Study("mean", "sma")), "Add SMA")
    await shown(lambda: ("mean", "value") in chart.view.model.shown.lines)
    n_bars = len(chart.view.model.snapshot)
    actions["replay.start"].trigger()
    await shown(lambda: len(chart.view.model.snapshot) < n_bars)
    return actions, chart, n_bars


def test_replay_hides_the_future_from_bars_and_indicators_until_it_is_left(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            actions, chart, n_bars = await _replayed(desktop)
            bar = desktop.workbench.replay_bar
            assert bar.isVisible()
            n_shown = len(chart.view.model.snapshot)
            assert len(chart.view.model.shown.lines["mean", "value"]) == n_shown
            actions["replay.forward"].trigger()
            await shown(lambda: len(chart.view.model.snapshot) == n_shown + 1)
            actions["replay.back"].trigger()
            actions["replay.back"].trigger()
            await shown(lambda: len(chart.view.model.snapshot) == n_shown - 1)
            bar.slider.setValue(n_bars - 100)
            await shown(lambda: len(chart.view.model.snapshot) == n_bars - 99)
            actions["replay.stop"].trigger()
            await shown(lambda: len(chart.view.model.snapshot) == n_bars)
            assert not bar.isVisible()

    run_on_qt(story())


def test_it_plays_at_the_speed_chosen_and_pauses(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            actions, chart, _ = await _replayed(desktop)
            n_shown = len(chart.view.model.snapshot)
            bar = desktop.workbench.replay_bar
            bar.speed.setCurrentIndex(bar.speed.findText("50 bars/s"))
            await shown(lambda: desktop.workbench.replay.state.pace == Pace(50.0))
            assert not desktop.workbench.replay.is_playing
            actions["replay.play"].trigger()
            await shown(lambda: len(chart.view.model.snapshot) > n_shown + 3)
            actions["replay.play"].trigger()
            await shown(lambda: not desktop.workbench.replay.is_playing)

    run_on_qt(story())


def test_replay_is_reached_by_keys_alone_and_says_where_it_stands(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            actions, _, _ = await _replayed(desktop)
            bar = desktop.workbench.replay_bar
            assert "Paused at" in bar.accessibleDescription()
            assert all(actions[name].shortcuts() for name in ("replay.play", "replay.forward", "replay.back", "replay.stop"))
            assert bar.slider.accessibleName()

    run_on_qt(story())


def test_the_speed_box_offers_bars_a_second_and_times_and_keys_change_both(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            actions, _, _ = await _replayed(desktop)
            bar, replay = desktop.workbench.replay_bar, desktop.workbench.replay
            offered = [bar.speed.itemText(place) for place in range(bar.speed.count()) if bar.speed.itemData(place) is not None]
            assert len(offered) == len(PACES)
            assert {"0.5 bars/s", "1 bar/s", "50 bars/s", f"1{TIMES}", f"60{TIMES}", f"3,600{TIMES}", f"10,000{TIMES}"} <= set(
                offered
            )
            bar.speed.setCurrentIndex(bar.speed.findText(f"10,000{TIMES}"))
            await shown(lambda: replay.state.pace == Pace(10_000.0, PaceUnit.TIME))
            began_ns = replay.state.now_ns
            actions["replay.play"].trigger()
            await shown(lambda: replay.state.now_ns > began_ns)
            assert f"Playing at 10,000{TIMES}" in bar.accessibleDescription()
            actions["replay.play"].trigger()
            await shown(lambda: not replay.is_playing)
            for key, pace in (
                ("faster", Pace(10_000.0, PaceUnit.TIME)),
                ("slower", Pace(3_600.0, PaceUnit.TIME)),
                ("by_time", Pace(1.0)),
                ("faster", Pace(2.0)),
                ("slower", Pace(1.0)),
                ("by_time", Pace(60.0, PaceUnit.TIME)),
            ):
                actions[f"replay.{key}"].trigger()
                await shown(lambda pace=pace: bar.speed.currentData() == replay.state.pace == pace)
                assert actions["replay.by_time"].isChecked() == pace.is_by_time

    run_on_qt(story())
