"""A plan in words that are read back as the same plan: what is shown as "understood as", and what is kept."""

from decimal import Decimal

from backend.assistant.questions.plan import (
    MONTHLY,
    WEEKDAYS,
    Ask,
    Change,
    Condition,
    Current,
    Distance,
    Extreme,
    Gap,
    Indicator,
    Number,
    Operand,
    Period,
    Plan,
    Previous,
    Price,
    Range,
    Recent,
    Span,
    Whole,
    plural_of,
)

_HEADS = {
    Ask.COUNT: "count bars",
    Ask.SHARE: "share of bars",
    Ask.FIRST: "first time",
    Ask.LAST: "last time",
    Ask.LIST: "list bars",
    Ask.STREAK: "longest streak",
    Ask.WHICH: "which",
    Ask.EVERY: "whether every bar",
    Ask.BARS: "number of bars",
    Ask.RETURN: "total return",
    Ask.COMPARE: "compare",
    Ask.CORRELATION: "correlation",
    Ask.DRAWDOWN: "max drawdown",
    Ask.VOLATILITY: "volatility",
    Ask.TREND: "direction of the trend",
}


def format_plan(plan: Plan) -> str:
    """The plan as one line; ``parse_question`` reads the same plan from it."""
    head = _HEADS.get(plan.ask, plan.ask.value)
    if plan.ask is Ask.SEASONS:
        head = "by calendar month" if plan.interval == MONTHLY else "by weekday"
    if plan.n != 1:
        head = f"{plan.n} {head}"
    parts = [head]
    if plan.measure is not None:
        parts.append(format_operand(plan.measure))
    parts.append("of " + (", ".join(plan.instruments) if plan.watchlist is None else _watchlist(plan.watchlist)))
    if plan.where:
        parts.append("where " + " and ".join(map(format_condition, plan.where)))
    if period := format_period(plan.period):
        parts.append(period)
    elif plan.ask is Ask.WHICH:  # where no time is said, the newest bar is meant
        parts.append("ever")
    if plan.season:
        parts.append(f"{'on' if plan.season in WEEKDAYS else 'in'} {plural_of(plan.season).lower()}")
    if plan.by:
        parts.append(f"by {plan.by}")
    parts.append(f"on {plan.interval} bars")
    if plan.prices != "auto":
        parts.append(f"with {plan.prices} prices")
    return " ".join(parts)


def format_condition(condition: Condition) -> str:
    """``close above sma(50)``, ``MSFT.XNAS close above sma(50)``."""
    words = f"{format_operand(condition.left)} {condition.op.value} {format_operand(condition.right)}"
    return f"{condition.instrument} {words}".lstrip()


def format_operand(value: Operand) -> str:  # noqa: PLR0911 - one case a kind of value
    """``close``, ``macd(12, 26, 9).signal``, ``highest(high, 52 weeks)``, ``distance(close, sma(50))``, ``3.5``."""
    match value:
        case Price(field):
            return field
        case Indicator(name, output, numbers, source):
            inside = ", ".join([*map(format_number, numbers), *([f"of {source}"] if source else [])])
            return f"{name}({inside}).{output}"
        case Change(n_bars, unit):
            return f"change({n_bars})" if unit == "percent" else f"change({n_bars}, points)"
        case Gap():
            return "gap()"
        case Range():
            return "range()"
        case Extreme(side, field, n, unit, is_before):
            window = f"{n} {unit}s" if n else "all"
            return f"{side}({field}, {window}{' before' if is_before else ''})"
        case Distance(inner, base):
            return f"distance({format_operand(inner)}, {format_operand(base)})"
        case Number(number):
            return format_number(number)


def format_period(period: Period) -> str:  # noqa: PLR0911 - one case a kind of period
    """``from 2012-01-01 to 2012-12-31``, ``in the last 30 days``; empty for all bars."""
    match period:
        case Whole():
            return ""
        case Span(first, ""):
            return f"since {first}"
        case Span("", last):
            return f"until {last}"
        case Span(first, last):
            return f"from {first} to {last}"
        case Recent(n, unit):
            return f"in the last {n} {unit}s"
        case Previous(unit):
            return "yesterday" if unit == "day" else f"in the previous {unit}"
        case Current(unit):
            return "today" if unit == "day" else f"this {unit}"


def format_number(value: float) -> str:
    """The shortest decimal text without exponent that reads back as the same number."""
    return f"{Decimal(repr(float(value))):f}".removesuffix(".0")


def _watchlist(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'watchlist "{escaped}"' if name else "my watchlist"
