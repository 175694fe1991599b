"""Examples of a manner: conversations, one a line, as JSON lines of messages."""

import json
import random
from pathlib import Path
from typing import Any, Final, TypeAlias

from backend.assistant.engines.engine import Message, Role
from backend.errors import InvalidInput, NotFound

N_BYTES_MAX: Final = 256 * 2**20
HELD_OUT_SHARE: Final = 0.1
N_HELD_OUT_FROM: Final = 10
"""With fewer examples than this none is held out."""
_SHAPE: Final = (
    'Each line is an object such as {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}.'
)

Example: TypeAlias = tuple[Message, ...]
"""One conversation; everything that the assistant says in it is learned."""


def read_examples(path: Path) -> list[Example]:
    """The conversations of a file of JSON lines; empty lines are passed over.

    Raises NotFound, and InvalidInput with the line for what is no conversation in which an assistant has the last word.
    """
    try:
        n_bytes = path.stat().st_size
        if n_bytes > N_BYTES_MAX:
            raise InvalidInput(f"{path.name} holds {n_bytes:,} bytes; at most {N_BYTES_MAX:,} are read.", code="training.too_large")
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as e:
        raise NotFound(f"There is no file {path}.", code="training.no_examples") from e
    except (OSError, UnicodeDecodeError) as e:
        raise InvalidInput(f"{path.name} cannot be read: {e}.", hint="It has to be text in UTF-8.", code="training.examples") from e
    found = [_example(line, f"line {number} of {path.name}") for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise InvalidInput(f"{path.name} holds no examples.", hint=_SHAPE, code="training.no_examples")
    return found


def hold_out(examples: list[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """Examples to learn from, and a tenth of them that judge what was learned; none where there are few."""
    shuffled = list(examples)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - which examples judge is no secret
    n_held = round(len(shuffled) * HELD_OUT_SHARE) if len(shuffled) >= N_HELD_OUT_FROM else 0
    return shuffled[n_held:], shuffled[:n_held]


def _example(line: str, where: str) -> Example:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise _refused(where, f"it is no JSON ({e})") from e
    messages = given.get("messages") if isinstance(given, dict) else None
    if not isinstance(messages, list) or not messages:
        raise _refused(where, "it has no messages")
    found = tuple(_message(one, where) for one in messages)
    if found[-1].role is not Role.ASSISTANT:
        raise _refused(where, "the assistant does not have the last word")
    return found


def _message(given: Any, where: str) -> Message:
    role, content = (given.get("role"), given.get("content")) if isinstance(given, dict) else (None, None)
    if role not in tuple(Role) or not isinstance(content, str) or not content.strip():
        raise _refused(where, f"a message needs a role ({', '.join(Role)}) and a content that is not empty")
    return Message(Role(role), content)


def _refused(where: str, why: str) -> InvalidInput:
    return InvalidInput(f"The example in {where} cannot be used: {why}.", hint=_SHAPE, code="training.examples")
