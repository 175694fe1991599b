"""Slow, obvious twin of backend/alerts/engine.py: every rule looks at every tick and bar, and nothing is indexed or shared."""

import itertools
import math
from dataclasses import dataclass, field

from backend.domain.bars import Bar, BarArrays
from backend.indicators import compute

FALSE, UNKNOWN, TRUE = 0.0, 0.5, 1.0
PULSES = ("crosses_above", "crosses_below", "crosses")
NAN = float("nan")


def line_at(points, before, after, ns):
    """A level made of (ns, price) points, a step at a time."""
    if not points:
        return after
    if ns < points[0][0]:
        return before
    for (start, price), (end, to_price) in itertools.pairwise(points):
        if start <= ns < end:
            return price + (to_price - price) * (float(ns - start) / float(end - start))
    return points[-1][1] if ns == points[-1][0] else after


@dataclass
class History:
    """What was seen of a series: complete bars as (label, open, high, low, close, volume, end), the last tick."""

    series: object
    bars: list = field(default_factory=list)
    tick: tuple | None = None
    n_after: int = 0  # complete bars that the last tick did not have before it
    newest_label: int = -(2**63)
    is_new: bool = True


@dataclass
class Watched:
    """A rule and what it remembers."""

    rule: object
    levels: dict
    sides: dict = field(default_factory=dict)
    truths: dict = field(default_factory=dict)
    was_true: bool = False
    fired: tuple | None = None  # event_ns, label
    back: tuple | None = None  # leaf, from where
    done: bool = False
    seen_tick: tuple | None = None  # (ns, price) before the last restart
    seen_label: int = -(2**63)
    seen_ns: int = -(2**63)
    begun: set = field(default_factory=set)


class NaiveAlerts:
    """All rules, each evaluated by itself."""

    def __init__(self):
        self.rules: dict[str, Watched] = {}
        self.histories: dict[object, History] = {}
        self.now_ns = -(2**63)

    # --- rules

    def put(self, rule):
        history = self.histories.setdefault(rule.series, History(rule.series))
        watched = Watched(rule, {})
        for place, leaf in enumerate(rule.leaves):
            watched.truths[place] = FALSE if hasattr(leaf, "at_ns") else UNKNOWN
            if not hasattr(leaf, "at_ns") and hasattr(leaf.right, "points"):
                watched.levels[place] = leaf.right
        self.rules[rule.alert_id] = watched
        self.seed(watched, history)

    def remove(self, alert_id):
        self.rules.pop(alert_id, None)

    def prime(self, series, bars):
        """The whole history: bars as in History."""
        history = self.histories.get(series)
        if history is None:
            return
        if not history.bars or history.is_new:
            history.bars = list(bars)
            if bars:
                history.newest_label = max(history.newest_label, bars[-1][0])
        history.is_new = False
        for watched in self.rules.values():
            if watched.rule.series == series:
                self.seed(watched, history)

    def seed(self, watched, history):
        """What was seen last is the look before the first."""
        for place, leaf in enumerate(watched.rule.leaves):
            if hasattr(leaf, "at_ns") or place in watched.sides or watched.done:
                continue
            if self.looks_at(watched.rule, leaf) == "tick" and history.tick is not None:
                value = history.tick[1]
                level = self.right(watched, place, history.tick[0], None, history, len(history.bars) - min(history.n_after, 1))
            elif history.bars:
                row = len(history.bars) - 1
                value = self.side(leaf.left, history, row, None)
                level = self.right(watched, place, history.bars[row][6], None, history, row)
            else:
                continue
            if is_known(value, level):
                watched.sides[place] = (value > level) - (value < level)

    def set_level(self, alert_id, place, level, *, keeps_side):
        watched = self.rules[alert_id]
        history = self.histories[watched.rule.series]
        watched.levels[place] = level
        if watched.done or keeps_side:
            return
        leaf = watched.rule.leaves[place]
        at = None
        is_tick = self.looks_at(watched.rule, leaf) == "tick"
        if is_tick and history.tick is not None:
            at = history.tick
        elif history.bars:
            at = (history.bars[-1][6], history.bars[-1][4])
        if is_tick and watched.seen_tick is not None and (at is None or at[0] < watched.seen_ns):
            at = (watched.seen_ns, watched.seen_tick[1])
        watched.sides.pop(place, None)
        if at is not None:
            there = line_at(level.points, level.before, level.after, at[0])
            if is_known(there):
                watched.sides[place] = (at[1] > there) - (at[1] < there)

    def restart(self):
        """Only what each rule remembers is left, and what is stored of the bars."""
        for history in self.histories.values():
            for watched in self.rules.values():
                if watched.rule.series == history.series:
                    watched.begun.clear()
                    if history.tick is not None:
                        watched.seen_ns = max(watched.seen_ns, history.tick[0])
                        watched.seen_tick = history.tick
                    if history.bars:
                        watched.seen_label = max(watched.seen_label, history.bars[-1][0])
        watched_series = {watched.rule.series for watched in self.rules.values()}
        self.histories = {series: History(series) for series in self.histories if series in watched_series}

    # --- values

    @staticmethod
    def looks_at(rule, leaf):
        if rule.when.value == "close":
            return "close"
        is_price = type(leaf.left).__name__ == "LastPrice" and type(leaf.right).__name__ in ("Level", "CloseBefore")
        return "tick" if is_price else "bar"

    def side(self, side, history, row, forming):
        """A value at bar ``row``; at the bar under way where ``row`` is beyond the complete ones."""
        kind = type(side).__name__
        bars = history.bars[: row + 1] if row < len(history.bars) else [*history.bars, forming]
        if kind == "LastPrice":
            return bars[row][4]
        if kind == "Volume":
            return bars[row][5]
        if kind == "CloseBefore":
            return self.close_before(side, history, row)
        if kind == "MeanVolume":
            if not row:
                return NAN
            return side.times * float(compute("sma", to_arrays(bars[:row]), source="volume", period=side.n_bars)["value"][-1])
        values = compute(side.indicator, to_arrays(bars), source=side.source, **dict(side.params))
        return float(values[side.output][-1])

    @staticmethod
    def close_before(side, history, n_bars):
        if n_bars < side.n_bars:
            return NAN
        close = history.bars[n_bars - side.n_bars][4]
        return close + abs(close) * side.percent / 100.0

    def right(self, watched, place, ns, forming, history, row):
        right = watched.rule.leaves[place].right
        if place in watched.levels:
            level = watched.levels[place]
            return line_at(level.points, level.before, level.after, ns)
        return self.side(right, history, row, forming)

    # --- events

    def change(self, series, trades, closed, forming):
        """trades : (ns, price); closed : bars as in History; forming : such a bar without an end, or None."""
        history = self.histories.get(series)
        if history is None:
            return []
        last = -(2**63) if history.tick is None else history.tick[0]
        ticks = [(ns, price, ns, None) for ns, price in trades if ns >= last]
        return self.batch(history, ticks, closed, forming)

    def bars(self, series, bars):
        """Bars without their trades."""
        history = self.histories.get(series)
        if history is None:
            return []
        last = -(2**63) if history.tick is None else history.tick[0]
        ticks = []
        for label, opened, high, low, close, _, end in bars:
            length = max(end - label, 1)
            near, far = (high, low) if high - opened < opened - low else (low, high)
            path = [
                (label, opened, label),
                (label + length // 3, near, label),
                (label + length // 3 * 2, far, label),
                (label + length - 1, close, label + length - 1),
            ]
            ticks += [(ns, price, since, label) for ns, price, since in path if since > last]
        return self.batch(history, ticks, bars, None)

    def batch(self, history, ticks, closed, forming):
        seen = history.bars[-1][0] if history.bars else -(2**63)
        closed = [bar for bar in closed if bar[0] > seen]
        n_before = len(history.bars)
        looks = [((bar[6], 0), "bar", n_before + i, bar[6], bar[0], bar[4], None) for i, bar in enumerate(closed)]
        for ns, price, since, label in ticks:
            open_bars = [bar[0] for bar in closed if bar[6] > ns] + ([] if forming is None else [forming[0]])
            bar_label = open_bars[0] if label is None else label
            n_bars = n_before + sum(1 for bar in closed if bar[6] <= ns)
            looks.append(((ns, 1), "tick", n_bars, ns, bar_label, price, since))
        newest = max([seen, *(bar[0] for bar in closed)])
        if forming is not None and ticks and forming[0] > newest:
            ns = ticks[-1][0]
            looks.append(((float("inf"), 2), "under way", n_before + len(closed), ns, forming[0], forming[4], ns))
        looks.sort(key=lambda look: look[0])
        history.bars = [*history.bars, *closed]
        fired = []
        for watched in self.rules.values():
            if watched.rule.series == history.series:
                for _, kind, row, ns, label, price, since in looks:
                    fired += self.look(watched, history, (kind, row, ns, label, price, since), forming)
        history.n_after += len(closed)
        if ticks:
            history.tick = ticks[-1][:2]
            history.n_after = sum(1 for bar in closed if bar[6] > history.tick[0])
        history.newest_label = max([history.newest_label, *(b[0] for b in closed), *([forming[0]] if forming else [])])
        return fired

    def look(self, watched, history, look, forming):
        kind, row, ns, label, price, since = look
        rule = watched.rule
        kinds = {"bar": ("bar", "close"), "tick": ("tick",), "under way": ("bar", "close")}[kind]
        places = [p for p, leaf in enumerate(rule.leaves) if not hasattr(leaf, "at_ns") and self.looks_at(rule, leaf) in kinds]
        if kind == "under way":
            places = [p for p in places if rule.when.value == "tick"]
        if not places or watched.done:
            return []
        is_seen = label <= watched.seen_label if kind == "bar" else since <= watched.seen_ns
        begins_ns = ns if kind == "bar" else since
        if kinds not in watched.begun and (is_seen or begins_ns < rule.from_ns):
            return []
        watched.begun.add(kinds)
        compared = {}
        for place in places:
            value = price if kind == "tick" else self.side(rule.leaves[place].left, history, row, forming)
            compared[place] = (value, self.right(watched, place, ns, forming, history, row))
        return self.turn(watched, compared, ns, label, price)

    def tick_time(self, now_ns):
        fired = []
        due = [
            (leaf.at_ns, place, watched)
            for watched in self.rules.values()
            for place, leaf in enumerate(watched.rule.leaves)
            if hasattr(leaf, "at_ns") and leaf.at_ns <= now_ns
        ]
        for at_ns, place, watched in sorted(due, key=lambda one: one[:2]):
            if watched.truths[place] == FALSE and not watched.done:
                history = self.histories[watched.rule.series]
                price = history.tick[1] if history.tick else history.bars[-1][4] if history.bars else NAN
                fired += self.turn(watched, {place: (float(at_ns), float(at_ns))}, at_ns, history.newest_label, price)
        return fired

    def turn(self, watched, compared, ns, label, price):
        rule = watched.rule
        before, now = dict(watched.truths), dict(watched.truths)
        for place, (value, level) in compared.items():
            watched.truths[place], now[place] = self.truths_of(watched, place, value, level)
        whole, rests = weigh(rule.expression, now), weigh(rule.expression, watched.truths)
        was_true = watched.was_true
        if rests != UNKNOWN:
            watched.was_true = rests == TRUE
        if whole != TRUE or was_true or self.is_spent(watched, ns, label):
            return []
        watched.fired = (ns, label)
        watched.done = rule.repeat.value == "once"
        place = turner(rule.expression, before, now)
        if rule.rearm_pct and not hasattr(rule.leaves[place], "at_ns"):
            word = rule.leaves[place].operator.value
            up = word in (">", ">=", "crosses_above") or (word == "crosses" and watched.sides[place] == 1)
            watched.back = (place, "level" if word == "==" else "above" if up else "below")
        value, level = compared[place]
        return [(rule.alert_id, ns, price, value, level, place, label)]

    @staticmethod
    def truths_of(watched, place, value, level):
        """What is true of a leaf with pulses left out, and with them; remembers the side, and whether the value came back."""
        leaf = watched.rule.leaves[place]
        if hasattr(leaf, "at_ns"):
            return TRUE, TRUE
        if not is_known(value, level):
            return UNKNOWN, UNKNOWN
        side, old = (value > level) - (value < level), watched.sides.get(place)
        watched.sides[place] = side
        if watched.back is not None and watched.back[0] == place:
            band = abs(level) * watched.rule.rearm_pct / 100.0
            low, high = value <= level - band, value >= level + band
            if {"above": low, "below": high, "level": low or high}[watched.back[1]]:
                watched.back = None
        word = leaf.operator.value
        if word in PULSES:
            rises, falls = old in (-1, 0) and side == 1, old in (0, 1) and side == -1
            is_true = (rises and word != "crosses_below") or (falls and word != "crosses_above")
            return FALSE, TRUE if is_true else FALSE
        is_true = {">": side > 0, ">=": side >= 0, "<": side < 0, "<=": side <= 0, "==": side == 0}[word]
        return (TRUE, TRUE) if is_true else (FALSE, FALSE)

    @staticmethod
    def is_spent(watched, ns, label):
        rule = watched.rule
        if (rule.expires_ns and ns >= rule.expires_ns) or watched.back is not None:
            return True
        if watched.fired is None:
            return False
        is_cooling = bool(rule.cooldown_ns) and ns < watched.fired[0] + rule.cooldown_ns
        return is_cooling or (rule.repeat.value == "once_per_bar" and label == watched.fired[1])


def weigh(tree, truths):
    """Three-valued: the least of all, the most of any."""
    if isinstance(tree, int):
        return truths[tree]
    return (min if type(tree).__name__ == "Every" else max)(weigh(part, truths) for part in tree.of)


def turner(tree, before, now):
    """The first leaf that became true where the whole did."""
    while not isinstance(tree, int):
        tree = next(part for part in tree.of if weigh(part, now) == TRUE and weigh(part, before) != TRUE)
    return tree


def is_known(*numbers):
    return not any(map(math.isnan, numbers))


def to_arrays(bars):
    return BarArrays.of([Bar(*bar[:6]) for bar in bars])
