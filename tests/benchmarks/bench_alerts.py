"""Tick to fire with 100,000 alerts on 1,000 instruments at 20,000 ticks a second, beside a plain loop over the rules (P10).

Run as ``python dev.py bench bench_alerts``. Trades come in bursts, as feeds read them, and those that arrived while the batch
before was evaluated come together. Both sides must fire the same before anything is timed. Compared, never asserted on time.
"""

import gc
import math
import resource
import time
from collections.abc import Callable

import numpy as np

from backend.alerts.alert import Alert, AllOf, Operator, PercentCondition, PriceCondition, Repeat
from backend.alerts.compiling import compile_rule
from backend.alerts.engine import AlertEngine
from backend.domain.bars import MINUTE_NS, Bar, BarSpec
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.market.live_change import LiveChange

N_INSTRUMENTS = 1_000
N_RULES = 100_000
TICKS_PER_S = 20_000
SECONDS = 5
PEER_TICKS = 4_000
SIZES = (10_000, 30_000, 100_000)
MINUTE = BarSpec.parse("1m")
START_NS = 28_000_000 * MINUTE_NS
INSTRUMENTS = [InstrumentId(f"I{n}", "BENCH") for n in range(N_INSTRUMENTS)]


def make_alerts(n_rules: int, spread_pct: float = 10.0) -> list[Alert]:
    """Prices, percents and pairs of prices around 100, evenly over the instruments; all of them may fire again and again."""
    rng = np.random.default_rng(n_rules)
    made = []
    for n in range(n_rules):
        level = float(np.round(100 + spread_pct * rng.uniform(-1, 1), 2))
        operator = (Operator.CROSSES_ABOVE, Operator.BELOW, Operator.CROSSES, Operator.AT_LEAST)[n % 4]
        condition = PriceCondition(operator, level)
        if n % 10 == 8:
            condition = PercentCondition(operator, level - 100, since="price", reference=100.0)
        elif n % 10 == 9:
            condition = AllOf((PriceCondition(Operator.ABOVE, level), PriceCondition(Operator.BELOW, level + 0.5)))
        made.append(Alert(f"{n}", str(INSTRUMENTS[n % N_INSTRUMENTS]), condition, repeat=Repeat.EVERY_TIME))
    return made


def make_ticks(n_ticks: int) -> list[tuple[int, int, float]]:
    """(arrival ns, instrument, price): arrivals in bursts at 20,000 a second, busy instruments and quiet ones, random walks."""
    rng = np.random.default_rng(n_ticks)
    weight = 1 / np.arange(1, N_INSTRUMENTS + 1) ** 0.7
    place = rng.choice(N_INSTRUMENTS, n_ticks, p=weight / weight.sum())
    # Bursts of a mean of 20 trades, gaps between them exponential.
    burst = np.cumsum(rng.random(n_ticks) < 1 / 20)
    arrival = np.cumsum(rng.exponential(20 / TICKS_PER_S * 1e9, burst[-1] + 1))[burst]
    price = np.full(N_INSTRUMENTS, 100.0)
    ticks = []
    for at, row, step in zip(arrival.astype(np.int64).tolist(), place.tolist(), rng.normal(0, 0.02, n_ticks), strict=True):
        price[row] += step + 0.002 * (100 - price[row])
        ticks.append((START_NS + at, row, round(float(price[row]), 2)))
    return ticks


def batch_of(ticks: list[tuple[int, int, float]]) -> list[LiveChange]:
    """What the tick path hands over for trades that came together: one change an instrument."""
    by_place: dict[int, list[tuple[int, float]]] = {}
    for event_ns, place, price in ticks:
        by_place.setdefault(place, []).append((event_ns, price))
    changes = []
    for place, rows in by_place.items():
        n = len(rows)
        event_ns, price = np.array([ns for ns, _ in rows], np.int64), np.array([p for _, p in rows])
        bar = Bar(
            rows[-1][0] // MINUTE_NS * MINUTE_NS, rows[0][1], max(p for _, p in rows), min(p for _, p in rows), rows[-1][1], 1.0
        )
        trades = TradeArrays(event_ns, price, np.ones(n), np.zeros(n, np.int8))
        changes.append(LiveChange(INSTRUMENTS[place], rows[-1][0], trades, {}, {MINUTE: bar}))
    return changes


def made_engine(alerts: list[Alert]) -> AlertEngine:
    """An engine that watches them."""
    engine = AlertEngine()
    for alert in alerts:
        engine.put(compile_rule(alert))
    return engine


class PlainLoop:
    """What one writes first: for each trade look at every rule of the list that is about its instrument."""

    def __init__(self, alerts: list[Alert]) -> None:
        places = {str(instrument): place for place, instrument in enumerate(INSTRUMENTS)}
        self.rules = [[places[a.instrument], a.id, self.tests(a.condition), False] for a in alerts]
        self.prices: dict[int, float] = {}

    @staticmethod
    def tests(condition: object) -> list[tuple[str, float]]:
        if isinstance(condition, AllOf):
            return [(part.operator.value, part.value) for part in condition.of]
        if isinstance(condition, PercentCondition):
            return [(condition.operator.value, condition.reference + condition.reference * condition.value / 100.0)]
        return [(condition.operator.value, condition.value)]

    def tick(self, event_ns: int, place: int, price: float) -> list[tuple[str, int]]:
        """(alert, time) of what fires."""
        before = self.prices.get(place)
        self.prices[place] = price
        fired = []
        for rule in self.rules:
            if rule[0] != place:
                continue
            is_true, is_pulse = True, False
            for word, level in rule[2]:
                if word == ">":
                    is_true &= price > level
                elif word == ">=":
                    is_true &= price >= level
                elif word == "<":
                    is_true &= price < level
                else:
                    is_pulse = True
                    up, down = (before is not None and before <= level < price), (before is not None and before >= level > price)
                    is_true &= up or (down and word == "crosses")
            if is_true and not rule[3]:
                fired.append((rule[1], event_ns))
            rule[3] = is_true and not is_pulse
        return fired


def check_equal(alerts: list[Alert], ticks: list[tuple[int, int, float]]) -> int:
    """Both must fire the same alerts at the same times; how many."""
    engine, loop = made_engine(alerts), PlainLoop(alerts)
    ours, theirs = [], []
    for first in range(0, len(ticks), 20):
        piece = ticks[first : first + 20]
        ours += [(one.alert_id, one.event_ns) for change in batch_of(piece) for one in engine.evaluate(change)]
        for tick in piece:
            theirs += loop.tick(*tick)
    assert sorted(ours) == sorted(theirs)
    return len(ours)


def tick_to_fire(alerts: list[Alert], ticks: list[tuple[int, int, float]], clock_ns: Callable[[], int]) -> dict[str, float]:
    """Milliseconds from a trade's arrival until the list that may hold its firing is there, on a clock that evaluation moves.

    Arrivals are given; a batch is everything that arrived until the engine was free, and takes as long as it took.
    clock_ns : this machine's, or that of the thread alone, which neighbours on a busy machine do not move
    """
    engine = made_engine(alerts)
    for change in batch_of([(START_NS, place, 100.0) for place in range(N_INSTRUMENTS)]):
        engine.evaluate(change)
    gc.collect()
    gc.freeze()
    waits, fired_waits, busy_ns, now_ns, row, n_fired = [], [], 0, 0, 0, 0
    while row < len(ticks):
        now_ns = max(now_ns, ticks[row][0])
        first = row
        while row < len(ticks) and ticks[row][0] <= now_ns:
            row += 1
        for change in batch_of(ticks[first:row]):
            started = clock_ns()
            fired = engine.evaluate(change)
            took = clock_ns() - started
            busy_ns += took
            now_ns += took
            n_fired += len(fired)
            fired_waits += [(now_ns - one.event_ns) / 1e6 for one in fired]
            waits += [(now_ns - ns) / 1e6 for ns in change.trades.event_ns.tolist()]
    gc.unfreeze()
    span_ns = ticks[-1][0] - ticks[0][0]
    p50, p99 = np.percentile(fired_waits, (50, 99))
    return {
        "p50": p50,
        "p99": p99,
        "max": max(fired_waits),
        "all_p99": float(np.percentile(waits, 99)),
        "us_a_tick": busy_ns / len(ticks) / 1e3,
        "busy_pct": 100 * busy_ns / span_ns,
        "fired": n_fired,
    }


def grows(costs: list[float]) -> float:
    """The exponent with which cost grows over ``SIZES``."""
    return math.log(costs[-1] / costs[0]) / math.log(SIZES[-1] / SIZES[0])


def far_away(n_rules: int) -> list[Alert]:
    """10,000 rules near the price, always the same, and all others where it never comes."""
    near = make_alerts(SIZES[0])
    level = 1_000.0
    far = [
        Alert(f"far {n}", str(INSTRUMENTS[n % N_INSTRUMENTS]), PriceCondition(Operator.ABOVE, level + n), repeat=Repeat.EVERY_TIME)
        for n in range(n_rules - SIZES[0])
    ]
    return near + far


def cost_of(alerts: list[Alert], batches: list[LiveChange]) -> tuple[float, int]:
    """Microseconds of this thread a batch, and how often something fired."""
    engine = made_engine(alerts)
    for change in batch_of([(START_NS, place, 100.0) for place in range(N_INSTRUMENTS)]):
        engine.evaluate(change)
    gc.collect()
    gc.freeze()
    started = time.thread_time()
    n_fired = sum(len(engine.evaluate(change)) for change in batches)
    took_us = (time.thread_time() - started) * 1e6
    gc.unfreeze()
    return took_us / len(batches), n_fired


def compare_growth(ticks: list[tuple[int, int, float]]) -> None:
    """Microseconds a batch at three sizes: rules that match fixed, then all rules growing; and the plain loop."""
    print("How the cost of one instrument's batch grows with the rules (10,000, 30,000, 100,000), microseconds:")
    batches = [change for first in range(0, len(ticks), 20) for change in batch_of(ticks[first : first + 20])]
    for words, make in (("as many match, others far away", far_away), ("all grow, around the price", make_alerts)):
        costs = [cost_of(make(n_rules), batches) for n_rules in SIZES]
        told = ", ".join(f"{cost:.2f} ({n:,} fired)" for cost, n in costs)
        print(f"  ours, {words}: {told}: to the power {grows([cost for cost, _ in costs]):.2f}")
    costs = []
    for n_rules in SIZES:
        loop = PlainLoop(make_alerts(n_rules))
        started = time.thread_time()
        for tick in ticks[:50]:
            loop.tick(*tick)
        costs.append((time.thread_time() - started) / 50 * 1e6)
    print(f"  plain loop: {', '.join(f'{cost:,.0f}' for cost in costs)}: to the power {grows(costs):.2f}")


def main() -> None:
    """Equal answers, then tick to fire, then growth."""
    alerts = make_alerts(N_RULES)
    n_fired = check_equal(alerts[::20], make_ticks(PEER_TICKS))
    print(f"Ours and a plain loop fire the same {n_fired:,} times in {PEER_TICKS:,} ticks over {len(alerts) // 20:,} rules.")
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    engine = made_engine(alerts)
    put_s = time.perf_counter() - started
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    print(f"{len(engine):,} rules put in {put_s:.1f} s, {grown_mb:.0f} MB")
    ticks = make_ticks(TICKS_PER_S * SECONDS)
    print(f"{N_RULES:,} rules on {N_INSTRUMENTS:,} instruments, {TICKS_PER_S:,} ticks/s for {SECONDS} s:")
    for words, clock_ns in (("this machine's clock", time.perf_counter_ns), ("the thread's own time", time.thread_time_ns)):
        result = tick_to_fire(alerts, ticks, clock_ns)
        print(
            f"  {words}: tick to fire p50 {result['p50']:.3f} ms, p99 {result['p99']:.3f} ms, max {result['max']:.3f} ms of "
            f"{result['fired']:,.0f}; all ticks p99 {result['all_p99']:.3f} ms; {result['us_a_tick']:.2f} us a tick, "
            f"busy {result['busy_pct']:.0f} %"
        )
    loop = PlainLoop(alerts)
    started = time.perf_counter()
    for tick in ticks[:100]:
        loop.tick(*tick)
    loop_us = (time.perf_counter() - started) / 100 * 1e6
    print(f"  plain loop: {loop_us:,.0f} us a tick, {loop_us / result['us_a_tick']:,.0f} times ours; 50 us are to be had")
    compare_growth(ticks[:TICKS_PER_S])


if __name__ == "__main__":
    main()
