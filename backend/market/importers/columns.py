"""What columns mean: by their names in common exports and languages, else by what stands in them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from backend.market.importers.column_names import COLUMN_NAMES
from backend.market.importers.market_names import COINS, CRYPTO_QUOTES, FIAT
from backend.market.importers.numbers import NotANumber, NumberForm, parse_number
from backend.market.importers.plan import Column, Role

_ROLE_OF: Final = {name.replace("_", ""): role for role, names in COLUMN_NAMES.items() for name in names.split()}
_CURRENCIES: Final = FIAT | COINS | {*CRYPTO_QUOTES}
_NOISE: Final = re.compile(r"[\W_]+")
_ORDER: Final = re.compile(r"^\s*\d+[.)]\s*(a\.|b\.)?")
_UNITS: Final = re.compile(r"\((?:usd|eur|gbp|utc|gmt|in |\$|€|btc|shares|est|et|local).*?\)|\[.*?\]", re.IGNORECASE)
_PRECEDENCE: Final = (Role.OPEN, Role.HIGH, Role.LOW, Role.CLOSE)
_FIT_SHARE: Final = 0.9
_NAMED_SHARE: Final = 0.5
_BETTER: Final = {
    Role.CLOSE: ("close", "schluss", "cierre", "clôture"),
    Role.VOLUME: ("volume", "vol"),
    Role.SYMBOL: ("symbol", "ticker"),
}


def bare_name(name: str) -> str:
    """A column's name as compared: no case, blanks, marks, numbering such as "1. open", or units."""
    return _NOISE.sub("", _UNITS.sub("", _ORDER.sub("", name.strip())).casefold())


def role_of(name: str) -> Role:
    """What a column of this name means; NONE where the name says nothing."""
    role = _ROLE_OF.get(bare_name(name), Role.NONE)
    if role is not Role.NONE:
        return role
    first, blank, last = name.strip().rpartition(" ")  # "Volume USD", "Close EUR"
    return _ROLE_OF.get(bare_name(first), Role.NONE) if blank and last.strip("()").upper() in _CURRENCIES else Role.NONE


def known_name(name: str) -> bool:
    """Whether a name is one of a column of bars."""
    return role_of(name) is not Role.NONE


@dataclass(frozen=True, slots=True)
class ColumnKinds:
    """Which share of a column's filled cells are times, numbers and clocks, column by column.

    A column whose name tells its meaning may hold more junk than one that is judged by what stands in it.
    """

    time: tuple[float, ...]
    number: tuple[float, ...]
    clock: tuple[float, ...]
    least: float = _FIT_SHARE

    def named(self) -> "ColumnKinds":
        """The same, for columns known by their names."""
        return replace(self, least=_NAMED_SHARE)

    def is_time(self, i: int) -> bool:
        """Whether column ``i`` holds times."""
        return self.time[i] >= self.least

    def is_number(self, i: int) -> bool:
        """Whether column ``i`` holds numbers."""
        return self.number[i] >= self.least

    def is_clock(self, i: int) -> bool:
        """Whether column ``i`` holds times of day."""
        return self.clock[i] >= self.least


def assign_roles(names: Sequence[str] | None, rows: Sequence[Sequence[str]], kinds: ColumnKinds, form: NumberForm) -> list[Role]:
    """A role for each column, from its name where there is one, and from what the rows hold."""
    n_columns = len(kinds.number)
    roles = [Role.NONE] * n_columns
    if names is not None:
        roles = _named_roles(names, kinds.named())
    _find_time(roles, kinds)
    if Role.CLOSE not in roles:
        _find_prices(roles, names, rows, kinds, form)
    _prefer_real_volume(roles, names, rows, form)
    return roles


def _named_roles(names: Sequence[str], kinds: ColumnKinds) -> list[Role]:
    roles = [Role.NONE] * len(kinds.number)
    taken: dict[Role, int] = {}
    letters_count = {"o", "h", "l", "c"} <= {bare_name(name) for name in names}
    for i, name in enumerate(names[: len(roles)]):
        # One letter says nothing by itself: a table of columns a, b, c has no close.
        role = role_of(name) if letters_count or len(bare_name(name)) > 1 else Role.NONE
        if role is Role.TIME and kinds.is_clock(i) and not kinds.is_time(i):
            role = Role.CLOCK
        if role is Role.NONE or not _fits(role, i, kinds):
            continue
        if role in taken:
            if not _is_better(role, names[i], names[taken[role]], kinds, i, taken[role]):
                continue
            roles[taken[role]] = Role.NONE
        roles[i] = role
        taken[role] = i
    return roles


def _fits(role: Role, i: int, kinds: ColumnKinds) -> bool:
    if role is Role.TIME:
        return kinds.is_time(i)
    if role is Role.CLOCK:
        return kinds.is_clock(i) or kinds.is_number(i)
    if role in {Role.SYMBOL, Role.INTERVAL}:
        return not kinds.is_time(i) or kinds.is_number(i)
    return kinds.is_number(i)


def _is_better(role: Role, name: str, other: str, kinds: ColumnKinds, i: int, j: int) -> bool:
    """Whether a second column of a role is the better one: "close" rather than "price", a date before an epoch."""
    if role is Role.TIME:
        return kinds.is_number(j) and not kinds.is_number(i)
    firsts = {
        Role.CLOSE: ("close", "schluss", "cierre", "cloture"),
        Role.VOLUME: ("volume", "vol"),
        Role.SYMBOL: ("symbol", "ticker"),
    }
    wanted = firsts.get(role, ())
    return bare_name(name).startswith(wanted) and not bare_name(other).startswith(wanted) if wanted else False


def _find_time(roles: list[Role], kinds: ColumnKinds) -> None:
    if Role.TIME not in roles:
        free = [i for i, role in enumerate(roles) if role is Role.NONE and kinds.is_time(i)]
        written = [i for i in free if not kinds.is_number(i)]
        if written or free:
            roles[(written or free)[0]] = Role.TIME
    if Role.TIME in roles and Role.CLOCK not in roles:
        after = roles.index(Role.TIME) + 1
        if after < len(roles) and roles[after] is Role.NONE and kinds.is_clock(after) and not kinds.is_number(after):
            roles[after] = Role.CLOCK


def _find_prices(
    roles: list[Role], names: Sequence[str] | None, rows: Sequence[Sequence[str]], kinds: ColumnKinds, form: NumberForm
) -> None:
    """Four columns in a row of which one is never below and one never above the others; else a single column of values."""
    free = [i for i, role in enumerate(roles) if role is Role.NONE and kinds.is_number(i)]
    for place in free:
        four = list(range(place, place + 4))
        if all(i in free for i in four) and _are_prices(four, rows, form):
            for i, role in zip(four, _PRECEDENCE, strict=True):
                roles[i] = role
            if names is None and place + 4 in free and Role.VOLUME not in roles:
                roles[place + 4] = Role.VOLUME
            return
    if Role.TIME in roles and len(free) == 1 and not {Role.OPEN, Role.HIGH, Role.LOW} & set(roles):
        roles[free[0]] = Role.CLOSE
    elif names is None and Role.TIME in roles and 1 <= len(free) <= 2:
        roles[free[0]] = Role.CLOSE
        if len(free) == 2:
            roles[free[1]] = Role.VOLUME


def _are_prices(four: list[int], rows: Sequence[Sequence[str]], form: NumberForm) -> bool:
    n_fit = n_all = 0
    for row in rows:
        try:
            cells = [parse_number(row[i], form) if i < len(row) else None for i in four]
        except NotANumber:
            n_all += 1
            continue
        if any(cell is None for cell in cells):
            continue
        opened, high, low, closed = (float(cell or 0.0) for cell in cells)
        n_all += 1
        n_fit += low <= min(opened, closed) and high >= max(opened, closed)
    return n_all > 0 and n_fit >= _FIT_SHARE * n_all


def _prefer_real_volume(roles: list[Role], names: Sequence[str] | None, rows: Sequence[Sequence[str]], form: NumberForm) -> None:
    """MetaTrader writes ticks counted and quantity traded; the latter is the volume unless it is always 0."""
    if names is None:
        return
    by_name = {bare_name(name): i for i, name in enumerate(names[: len(roles)])}
    ticks, real = by_name.get("tickvol", by_name.get("tickvolume")), by_name.get("vol", by_name.get("realvolume"))
    if ticks is None or real is None:
        return
    chosen = real if any(_is_positive(row, real, form) for row in rows) else ticks
    for i in (ticks, real):
        roles[i] = Role.VOLUME if i == chosen else Role.NONE


def _is_positive(row: Sequence[str], place: int, form: NumberForm) -> bool:
    try:
        return place < len(row) and (parse_number(row[place], form) or 0.0) > 0
    except NotANumber:
        return False


def make_columns(names: Sequence[str] | None, roles: Sequence[Role]) -> tuple[Column, ...]:
    """Columns of a plan; those without a name are called by their place, "#1" first."""
    return tuple(
        Column(i, (names[i].strip() if names is not None and i < len(names) else "") or f"#{i + 1}", role)
        for i, role in enumerate(roles)
    )
