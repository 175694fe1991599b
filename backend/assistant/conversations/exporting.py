"""A conversation as text to hand on: markdown for people, JSON for programs, both with the facts and sources of answers."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from backend.assistant.answers import Answer
from backend.assistant.conversations.conversation import ConversationRow, Speaker, Turn
from backend.assistant.facts.fact import Fact
from backend.assistant.telling import told_text
from backend.domain.bars import DAY_NS, SECOND_NS

FORMAT: Final = "trii-conversation"
VERSION: Final = 1

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|])")


@dataclass(frozen=True, slots=True)
class Telling:
    """How kept answers are read and their facts written.

    decode : the answer of a turn's content. Raises InvalidInput or CorruptData where it is none
    show : the words of a fact's value, the same everywhere
    """

    decode: Callable[[bytes], Answer]
    show: Callable[[Fact], str]


def export_markdown(row: ConversationRow, turns: Iterable[Turn], telling: Telling) -> str:
    """The turns of one branch under their speakers; below each answer its model, and its facts with formula and source."""
    parts = [f"# {_plain(row.title)}", ""]
    if row.instrument:
        parts += [f"About {_plain(row.instrument)}.", ""]
    for turn in turns:
        who = "You" if turn.speaker is Speaker.PERSON else "Assistant"
        answer = _answer_of(turn, telling)
        parts += [f"## {who}, {_moment(turn.at_ns)}", "", _said(turn, answer).strip(), ""]
        if answer is not None:
            parts += _about(answer, telling)
    return "\n".join(parts).rstrip() + "\n"


def export_json(row: ConversationRow, turns: Iterable[Turn], telling: Telling) -> str:
    """All branches: every turn names its parent, every answer carries its facts and how it came about."""
    told = {
        "format": FORMAT,
        "version": VERSION,
        "title": row.title,
        "instrument": row.instrument,
        "made": _moment(row.made_ns),
        "changed": _moment(row.changed_ns),
        "shown": row.leaf,
        "turns": [_turn_of(turn, telling) for turn in turns],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _answer_of(turn: Turn, telling: Telling) -> Answer | None:
    return telling.decode(turn.content) if turn.speaker is Speaker.ASSISTANT and turn.content else None


def _said(turn: Turn, answer: Answer | None) -> str:
    """A turn's text; of an answer with what is unverified called so."""
    return told_text(answer.spans) if answer is not None and answer.spans else turn.text


def _turn_of(turn: Turn, telling: Telling) -> dict[str, Any]:
    answer = _answer_of(turn, telling)
    told: dict[str, Any] = {
        "id": turn.id,
        "parent": turn.parent or None,
        "speaker": turn.speaker.value,
        "at": _moment(turn.at_ns),
        "text": _said(turn, answer),
    }
    if answer is not None:
        told["mode"] = answer.question.mode.value
        if answer.provenance is not None:
            told["model"] = answer.provenance.model or None
            told["place"] = answer.provenance.place
        told["facts"] = [_fact_of(fact, telling) for fact in answer.facts.values()]
    return told


def _fact_of(fact: Fact, telling: Telling) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": fact.id,
        "name": fact.name,
        "label": fact.label,
        "value": fact.value,
        "shown": telling.show(fact),
        "unit": fact.unit.value,
        "as_of": _moment(fact.as_of_ns),
        "source": fact.source,
        "formula": fact.formula,
        "inputs": list(fact.inputs),
    }
    if fact.why_not:
        told["why_not"] = fact.why_not
    if fact.bars is not None:
        told["bars"] = {"series": str(fact.bars.series), "from": _moment(fact.bars.from_ns), "to": _moment(fact.bars.to_ns)}
    return told


def _about(answer: Answer, telling: Telling) -> list[str]:
    lines = []
    if answer.provenance is not None:
        made = f"Model {answer.provenance.model}" if answer.provenance.model else "Computed without a model"
        stopped = " Stopped: it repeated itself." if answer.provenance.is_repeating else ""
        lines += [f"*{_plain(made)}, {_plain(answer.provenance.place)}.{stopped}*", ""]
    if answer.facts:
        lines += ["| fact | value | formula | source |", "|---|---|---|---|"]
        for fact in answer.facts.values():
            cells = (fact.label, telling.show(fact), fact.formula, fact.source)
            lines.append("| " + " | ".join(_plain(cell) for cell in cells) + " |")
        lines.append("")
    return lines


def _plain(text: str) -> str:
    """Words of others, on one line and without a meaning in markdown."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _moment(at_ns: int) -> str:
    """A day where it is one, else an instant to the second, UTC."""
    moment = datetime.fromtimestamp(at_ns // SECOND_NS, UTC)
    return moment.date().isoformat() if at_ns % DAY_NS == 0 else moment.isoformat().replace("+00:00", "Z")
