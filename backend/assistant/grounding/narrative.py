"""Narratives without numbers: a grammar that lets a model write words and tags only, and the check of what it wrote."""

import re
from collections.abc import Iterable
from typing import Final

from backend.assistant.facts.fact import FactSet
from backend.assistant.grounding.numbers import find_numbers
from backend.assistant.grounding.span import Span
from backend.assistant.grounding.tags import parse_tags, render_tags
from backend.assistant.grounding.wrong_tags import find_changed_tags
from backend.errors import InvalidInput

N_CHARS_MAX: Final = 4_000
_ID: Final = re.compile(r"[A-Z][A-Za-z]{0,7}[0-9]{1,6}", re.ASCII)
# Capital letters begin words only, and "%" and currency signs are absent.
_GRAMMAR: Final = """root ::= sentence (" " sentence){{0,{n_more}}}
sentence ::= start (" " word | mark " " word | " " tag){{0,24}} " " tag ((" " | mark " ") (word | tag)){{0,16}} "."
start ::= [A-Z] [a-z]{{0,15}}
word ::= [A-Za-z] [a-z]{{0,15}} ("-" [a-z]{{1,12}})? | [A-Z]{{2,5}}
mark ::= "," | ";" | ":"
tag ::= "{{" id "}}"
id ::= {ids}
"""


def narrative_grammar(fact_ids: Iterable[str], *, n_sentences_max: int = 6) -> str:
    """GBNF for sentences of words with at least one tag each, from the given ids; no digit can be written outside of a tag.

    Number words cannot be kept out by a grammar of this size: ``check_narrative`` refuses them.
    Raises InvalidInput for no or wrong ids.
    """
    ids = tuple(dict.fromkeys(fact_ids))
    wrong = [fact_id for fact_id in ids if not _ID.fullmatch(fact_id)]
    if not ids or wrong or n_sentences_max < 1:
        raise InvalidInput(
            f"A narrative needs ids of facts, not {wrong}." if wrong else "A narrative needs at least one fact and one sentence.",
            hint="Give ids such as F12.",
            code="narrative.ids",
        )
    return _GRAMMAR.format(n_more=n_sentences_max - 1, ids=" | ".join(f'"{fact_id}"' for fact_id in ids))


def check_narrative(tagged: str, facts: FactSet) -> tuple[Span, ...]:
    """The rendered narrative, whose only numbers are facts.

    Raises InvalidInput where it is empty or long, has no tag, an unknown or glued one, or any number outside of tags.
    """
    if not tagged.strip() or len(tagged) > N_CHARS_MAX:
        raise InvalidInput(
            "The narrative is empty or too long.", hint=f"Write up to {N_CHARS_MAX} characters.", code="narrative.length"
        )
    tags = parse_tags(tagged, facts)
    if not tags:
        raise InvalidInput("The narrative names no fact.", hint="Name facts by their tags, as {F12}.", code="narrative.no_tag")
    bare = list(tagged)
    for tag in tags:  # letters of the same length, so that a tag neither adds a number nor joins what stands beside it
        bare[tag.start : tag.end] = ["\ufffc"] * (tag.end - tag.start)
    found = find_numbers("".join(bare))
    if found:
        said = ", ".join(repr(number.text) for number in found[:5])
        raise InvalidInput(
            f"The narrative states numbers of its own: {said}.", hint="Use tags in their place.", code="narrative.number"
        )
    if glued := find_changed_tags(tagged, facts):
        start, end = glued[0]
        raise InvalidInput(f"{tagged[start:end]!r} would be another number.", hint="Put a space before it.", code="narrative.glued")
    return render_tags(tagged, facts)
