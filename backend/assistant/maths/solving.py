"""A sum worked out: exactly by fractions where they do, else by sympy in a child that may take seconds and no more."""

import asyncio
import json
import sys
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.maths.expression import Tree, evaluate
from backend.assistant.maths.reading import Sum, Task
from backend.assistant.maths.sizing import Sizing, tell_size
from backend.errors import InvalidInput

TIMEOUT_S: Final = 40.0  # of the clock; the child's own limit is of processor time
_FRACTION_MAX: Final = 10_000
_ROOT: Final = Path(__file__).resolve().parents[3]
_SAID: Final = {
    Task.SIMPLIFY: "Simplified",
    Task.FACTOR: "In factors",
    Task.EXPAND: "Multiplied out",
    Task.DERIVE: "The derivative",
    Task.INTEGRATE: "The integral, but for a constant",
    Task.VALUE: "The value",
}


@dataclass(frozen=True, slots=True)
class Solved:
    """A sentence with tags, and the facts that they name."""

    tagged: str
    facts: FactSet


async def solve(asked: Sum | Sizing, now_ns: int) -> Solved:
    """Work it out. Raises InvalidInput for what has no answer, or takes too long."""
    if isinstance(asked, Sizing):
        return Solved(*tell_size(asked, now_ns))
    value = evaluate(asked.tree) if asked.task is Task.VALUE else None
    if value is not None:
        return _exactly(value, asked, now_ns)
    found = await _in_child(asked)
    if asked.task is Task.PRIME:
        return _prime(asked, found, now_ns)
    facts: list[Fact] = []
    lines: list[str] = []
    for words, text in found.get("steps", []):
        facts.append(_fact(len(facts) + 1, words, text, asked, now_ns))
        lines.append(f"{words}: {{F{len(facts)}}}.")
    results = found["results"]
    if not results:
        lines.append(f"{found['words']}.")
        return Solved("\n\n".join(lines), FactSet(facts))
    told = []
    for exact, number in results:
        facts.append(_fact(len(facts) + 1, "Exactly", exact, asked, now_ns))
        tag = f"{{F{len(facts)}}}"
        if number is not None and exact != _plain(number):
            facts.append(_fact(len(facts) + 1, "As a number", number, asked, now_ns))
            tag += f", which is {{F{len(facts)}}}"
        told.append(tag)
    head = f"{asked.unknown} = " if asked.task is Task.SOLVE else f"{_SAID[asked.task]}: "
    lines.append(head + f", or {asked.unknown} = ".join(told) + ".")
    return Solved("\n\n".join(lines), FactSet(facts))


def _prime(asked: Sum, found: dict[str, Any], now_ns: int) -> Solved:
    facts = [_fact(1, "Number", int(asked.text), asked, now_ns)]
    if found["is_prime"]:
        return Solved("Yes: {F1} is prime.", FactSet(facts))
    if not found["factors"]:
        return Solved("No: {F1} is not prime; the least prime is two.", FactSet(facts))
    facts.append(_fact(2, "Prime factors", found["factors"], asked, now_ns))
    return Solved("No: {F1} is not prime, it is {F2}.", FactSet(facts))


def _exactly(value: Fraction, asked: Sum, now_ns: int) -> Solved:
    facts = [_fact(1, "Result", _shown(value), asked, now_ns)]
    tagged = f"{asked.text} = {{F1}}"
    if asked.is_percent:
        percent = replace(facts[0], value=float(value), unit=Unit.PERCENT, decimals=2)
        return Solved(f"{tagged}.", FactSet([percent]))
    if 1 < value.denominator < _FRACTION_MAX and Fraction(str(float(value))) != value:
        facts.append(_fact(2, "As a fraction", str(value), asked, now_ns))
        tagged += ", exactly {F2}"
    return Solved(f"{tagged}.", FactSet(facts))


async def _in_child(asked: Sum) -> dict[str, Any]:
    said = json.dumps({"task": asked.task, "tree": _plain_tree(asked.tree), "unknown": asked.unknown}).encode()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "backend.assistant.maths.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=_ROOT,
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            out, _ = await child.communicate(said)
        found = json.loads(out)
    except (TimeoutError, ValueError) as e:
        raise InvalidInput(
            f"{asked.text} could not be worked out in the time there is.", hint="Try a simpler form of it.", code="maths.effort"
        ) from e
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert isinstance(found, dict), "The child tells an object."
    return found


def _plain_tree(tree: Tree) -> Any:
    if isinstance(tree, Fraction):
        return f"#{tree}"
    return tree if isinstance(tree, str) else [tree[0], *(_plain_tree(part) for part in tree[1:])]


def _shown(value: Fraction) -> int | float | str:
    if value.denominator == 1:
        return int(value) if abs(value) < 10**15 else str(value)
    return float(value)


def _plain(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _fact(number: int, label: str, value: float | str, asked: Sum, now_ns: int) -> Fact:
    unit = Unit.WORD if isinstance(value, str) else Unit.COUNT if isinstance(value, int) else Unit.RATIO
    decimals = 0 if not isinstance(value, float) else _decimals(value)
    return Fact(
        id=f"F{number}",
        name=f"maths.{number}",
        label=label,
        value=value,
        unit=unit,
        decimals=decimals,
        as_of_ns=now_ns,
        source="worked out from the question",
        formula=asked.text,
    )


def _decimals(value: float) -> int:
    """As many digits as say it, six at most behind the first that is not zero."""
    for decimals in range(13):
        if abs(value - round(value, decimals)) <= abs(value) * 1e-9:
            return decimals
    return 12
