"""The child in which sympy works: one sum from standard input, its result to standard output, in bounds of time and memory."""

import json
import operator
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

MEMORY_BYTES: Final = 1_536 * 2**20
CPU_S: Final = 10
FACTORS_MAX: Final = 10**9  # a number of 18 digits has no two factors above it
SIGNS: Final[dict[str, Callable[..., Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "neg": operator.neg,
}
FUNCTIONS: Final = {
    **{name: name for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "factorial")},
    "ln": "log",
    "abs": "Abs",
    "log10": "log",
}


def main() -> None:
    """Work out one sum; the parent counts anything but a JSON object as a failure."""
    _limit()
    asked = json.loads(sys.stdin.buffer.read(65_536))
    sys.stdout.write(json.dumps(work_out(asked["task"], asked["tree"], asked["unknown"])))


def work_out(task: str, tree: Any, unknown: str) -> dict[str, Any]:
    """``{"results": [[exact text, number or None]...], "steps": [[words, text]...]}``."""
    import sympy  # noqa: PLC0415 - a second's import, in the child alone

    x = sympy.Symbol(unknown, real=True) if task == "solve" else sympy.Symbol(unknown)
    said = _build(sympy, tree, {unknown: x})
    steps: list[list[str]] = []
    if task == "prime":
        return _factors(sympy, int(said))
    if task == "solve":
        factored = sympy.factor(said)
        if factored != said:
            steps.append(["In factors", f"{_text(sympy, factored)} = 0"])
        found = sympy.solveset(said, x, sympy.S.Reals)
        if isinstance(found, sympy.FiniteSet):
            results = sorted(found, key=lambda one: float(one.evalf()))
        elif found == sympy.S.Reals:
            return {"results": [], "steps": steps, "words": "Every real number solves it"}
        elif found is sympy.S.EmptySet:
            return {"results": [], "steps": steps, "words": "No real number solves it"}
        else:
            steps.append(["The solutions are", _text(sympy, found)])
            return {"results": [], "steps": steps, "words": "There are endlessly many"}
    else:
        work = {
            "value": sympy.simplify,
            "simplify": sympy.simplify,
            "factor": sympy.factor,
            "expand": sympy.expand,
            "derive": lambda one: sympy.simplify(sympy.diff(one, x)),
            "integrate": lambda one: sympy.integrate(one, x),
        }[task]
        results = [work(said)]
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
    return str(sympy.sstr(value)).replace("**", "^")[:400]


def _number(value: Any) -> float | None:
    if value.free_symbols or not value.is_real or value.is_infinite:
        return None
    return float(value.evalf(17))


def _limit() -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
