"""The child in which sympy works: a sum a line from standard input, a result a line, each in bounds of time, all of memory."""

import contextlib
import json
import operator
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

MEMORY_BYTES: Final = 1_536 * 2**20
CPU_S: Final = 10  # a sum
LETTERS_MAX: Final = 1_000  # of a result
WORDS_MAX: Final = 200  # of a failure
FACTORS_MAX: Final = 10**9  # a number of 18 digits has no two factors above it
SIGNS: Final[dict[str, Callable[..., Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "neg": operator.neg,
    "%": lambda value: value / 100,
    "+%": lambda value, share: value * (1 + share),
    "-%": lambda value, share: value * (1 - share),
}
FUNCTIONS: Final = {
    **{name: name for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "factorial")},
    "ln": "log",
    "abs": "Abs",
    "log10": "log",
}


def main() -> None:
    """Work out sums until the input ends; the parent counts anything but a JSON object as a failure."""
    _limit_memory()
    sys.set_int_max_str_digits(0)
    import sympy  # noqa: F401, PLC0415 - seconds long, in the child alone

    for line in sys.stdin.buffer:
        _limit_time()
        asked = json.loads(line)
        try:
            found = work_out(asked["task"], asked["tree"], asked["unknown"], asked["bounds"])
        except (ArithmeticError, AttributeError, NotImplementedError, TypeError, ValueError) as e:
            found = {"failed": repr(e)[:WORDS_MAX]}
        sys.stdout.write(f"{json.dumps(found)}\n")
        sys.stdout.flush()


def work_out(task: str, tree: Any, unknown: str, bounds: list[Any]) -> dict[str, Any]:
    """``{"results": [[exact text, thirty digits or None]...], "steps": [[words, text]...]}``, or ``words``."""
    import sympy  # noqa: PLC0415 - same

    x = sympy.Symbol(unknown, real=True) if task == "solve" else sympy.Symbol(unknown)
    said = _build(sympy, tree, {unknown: x})
    if task == "prime":
        return _factors(sympy, int(said))
    if task == "solve":
        return _solve(sympy, said, x)
    if bounds:
        result = sympy.integrate(said, (x, *(_build(sympy, bound, {}) for bound in bounds)))
    else:
        work = {
            "value": sympy.simplify,
            "simplify": sympy.simplify,
            "factor": sympy.factor,
            "expand": sympy.expand,
            "derive": lambda one: sympy.simplify(sympy.diff(one, x)),
            "integrate": lambda one: sympy.integrate(one, x),
        }[task]
        result = work(said)
    if result.has(sympy.Integral):
        return {"results": [], "steps": [], "words": "It has no integral in closed form that could be found"}
    number = _number(result)
    if number is None and not result.free_symbols:
        return {"results": [], "steps": [], "words": "It has no real value"}
    return {"results": [[_text(sympy, result), number]], "steps": []}


def _solve(sympy: Any, said: Any, x: Any) -> dict[str, Any]:
    """The real solutions, least first; those with other unknowns in them as they come."""
    steps = []
    factored = sympy.factor(said)
    if factored != said:
        steps.append(["In factors", f"{_text(sympy, factored)} = 0"])
    has_others = bool(said.free_symbols - {x})
    found = sympy.FiniteSet(*sympy.solve(said, x)) if has_others else sympy.solveset(said, x, sympy.S.Reals)
    if found == sympy.S.Reals:
        return {"results": [], "steps": steps, "words": "Every real number solves it"}
    if found is sympy.S.EmptySet:
        return {"results": [], "steps": steps, "words": "No real number solves it"}
    if not isinstance(found, sympy.FiniteSet):
        steps.append(["The solutions are", _text(sympy, found)])
        return {"results": [], "steps": steps, "words": "There are endlessly many"}
    results = list(found) if has_others else sorted(found, key=lambda one: one.evalf())
    return {"results": [[_text(sympy, one), _number(one)] for one in results], "steps": steps}


def _factors(sympy: Any, number: int) -> dict[str, Any]:
    """The number and its prime factors; without any where it is itself the only one, or has none."""
    found = sympy.factorint(number, limit=FACTORS_MAX) if number > 1 and not sympy.isprime(number) else {}
    written = " * ".join(f"{prime}^{power}" if power > 1 else f"{prime}" for prime, power in sorted(found.items()))
    return {"results": [], "steps": [], "is_prime": bool(sympy.isprime(number)), "factors": written}


def _build(sympy: Any, tree: Any, names: dict[str, Any]) -> Any:
    if isinstance(tree, str):
        return _leaf(sympy, tree, names)
    sign, *parts = tree
    built = [_build(sympy, part, names) for part in parts]
    if sign in SIGNS:
        return SIGNS[sign](*built)
    if sign not in FUNCTIONS:
        raise ValueError(sign)
    return sympy.log(built[0], 10) if sign == "log10" else getattr(sympy, FUNCTIONS[sign])(built[0])


def _leaf(sympy: Any, name: str, names: dict[str, Any]) -> Any:
    if name.startswith("#"):
        number = Fraction(name[1:])
        return sympy.Rational(number.numerator, number.denominator)
    constants = {"pi": sympy.pi, "e": sympy.E}
    return constants[name] if name in constants else names.setdefault(name, sympy.Symbol(name))


def _text(sympy: Any, value: Any) -> str:
    """As it is typed, with room around ``*``, which means emphasis in markdown otherwise; empty where it is too long."""
    text = str(sympy.sstr(value)).replace("**", "^").replace("*", " * ")
    return text if len(text) <= LETTERS_MAX else ""


def _number(value: Any) -> str | None:
    number = value.evalf(30)
    return str(number) if number.is_number and number.is_real and number.is_finite else None


def _limit_memory() -> None:
    with contextlib.suppress(ImportError):  # not on Windows
        import resource  # noqa: PLC0415 - same

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _limit_time() -> None:
    """Of the processor, from now on; whoever waits has a limit of the clock."""
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 - not on Windows

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + CPU_S, hard))


if __name__ == "__main__":
    main()
