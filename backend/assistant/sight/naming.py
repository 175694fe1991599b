"""The patterns that a model may name in a picture: those that code can find, each with a direction, and nothing else."""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from backend.assistant.engines.engine import Message, Request, Role
from backend.patterns.found import Bias, CandleKind, ChartKind

Kind: TypeAlias = CandleKind | ChartKind

NAMED_MAX: Final = 6
_N_TOKENS_MAX: Final = 120
_NONE: Final = "none"
_WAYS: Final = {Bias.BULLISH: "rising", Bias.BEARISH: "falling", Bias.NEUTRAL: "neither"}
_KINDS: Final[dict[str, Kind]] = {kind.value.replace("_", " "): kind for kind in (*ChartKind, *CandleKind)}
_BIASES: Final = {way: bias for bias, way in _WAYS.items()}
_LINE: Final = re.compile(r"([a-z ]{1,40}): (rising|falling|neither)")
_SYSTEM: Final = f"""You look at the picture of a price chart and name the patterns that you see in it.
Write one a line, the clearest first, at most {NAMED_MAX}: its name, a colon, and what it speaks for: rising, falling or neither.
If you see none, write {_NONE}. Use these names only:
{", ".join(_KINDS)}."""
_ASKED: Final = "Which patterns do you see in this chart?"


@dataclass(frozen=True, slots=True)
class Named:
    """A pattern as a model named it."""

    kind: Kind
    bias: Bias

    @property
    def words(self) -> str:
        """As "double top, speaking for a fall"."""
        ways = {Bias.BULLISH: "speaking for a rise", Bias.BEARISH: "speaking for a fall", Bias.NEUTRAL: "speaking for neither side"}
        return f"{self.kind.value.replace('_', ' ')}, {ways[self.bias]}"


def naming_request(request_id: str, picture: bytes, mode: str) -> Request:
    """Asks what is seen in a picture; the grammar leaves no word, and so no number, that is not in the list."""
    return Request(
        request_id,
        (Message(Role.SYSTEM, _SYSTEM), Message(Role.USER, _ASKED)),
        n_tokens_max=_N_TOKENS_MAX,
        grammar=naming_grammar(),
        mode=mode,
        pictures=(picture,),
    )


def naming_grammar() -> str:
    """GBNF of what may be written."""
    names, ways = (" | ".join(f'"{word}"' for word in words) for words in (_KINDS, _WAYS.values()))
    return (
        f'root ::= "{_NONE}" | seen ("\\n" seen){{0,{NAMED_MAX - 1}}}\n'
        f'seen ::= name ": " way\nname ::= {names}\nway ::= {ways}'
    )  # fmt: skip


def parse_named(text: str) -> tuple[Named, ...]:
    """What a model wrote, each pattern once, in its order; a line that is none of the list says nothing."""
    found = [_LINE.fullmatch(line.strip().lower()) for line in text.splitlines()]
    named = [Named(_KINDS[match[1]], _BIASES[match[2]]) for match in found if match is not None and match[1] in _KINDS]
    return tuple(dict.fromkeys(named))[:NAMED_MAX]
