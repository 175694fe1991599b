"""What the doctor finds: one line a subject, how bad it is, and what to do."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from backend.commands.home_context import HomeContext


class Health(enum.StrEnum):
    """How bad a finding is; only a problem makes the doctor's exit code 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject that was looked at."""

    subject: str
    health: Health
    text: str
    hint: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


SUBJECT_WIDTH: Final = 11
_MARKS: Final = {Health.OK: "ok     ", Health.WARNING: "WARNING", Health.PROBLEM: "PROBLEM"}
_COLOURS: Final = {Health.OK: "\x1b[32m", Health.WARNING: "\x1b[33m", Health.PROBLEM: "\x1b[31m"}
_PLAIN: Final = "\x1b[0m"


def ok(subject: str, text: str, **facts: Any) -> Finding:
    """A subject in order."""
    return Finding(subject, Health.OK, text, "", facts)


def warning(subject: str, text: str, hint: str, **facts: Any) -> Finding:
    """A subject that needs attention, though everything runs."""
    return Finding(subject, Health.WARNING, text, hint, facts)


def problem(subject: str, text: str, hint: str, **facts: Any) -> Finding:
    """A subject that keeps something from running."""
    return Finding(subject, Health.PROBLEM, text, hint, facts)


async def tell_findings(context: HomeContext, findings: Iterable[Finding]) -> int:
    """Write all findings; 1 when a problem is among them."""
    found = list(findings)
    n_problems = sum(f.health is Health.PROBLEM for f in found)
    if context.as_json:
        rows = [{"subject": f.subject, "health": f.health, "text": f.text, "hint": f.hint, **f.facts} for f in found]
        await context.put_json({"ok": n_problems == 0, "findings": rows})
        return min(n_problems, 1)
    has_colour = context.terminal.facts.has_colour
    for each in found:
        mark = f"{_COLOURS[each.health]}{_MARKS[each.health]}{_PLAIN}" if has_colour else _MARKS[each.health]
        await context.terminal.write(f"{mark}  ".encode())
        await context.say(f"{each.subject:<{SUBJECT_WIDTH}} {each.text}{f' {each.hint}' if each.hint else ''}")
    n_warnings = sum(f.health is Health.WARNING for f in found)
    await context.say(f"{n_problems} problems, {n_warnings} warnings." if n_problems or n_warnings else "All is well.")
    return min(n_problems, 1)
