"""Plans as a JSON schema, so that a model may propose one; what it proposes is checked like any other."""

from typing import Any, Final

import msgspec

from backend.assistant.questions.plan import Plan
from backend.assistant.questions.plan_checks import check_plan
from backend.errors import InvalidInput

TOOL_NAME: Final = "ask_platform"
TOOL_WORDS: Final = (
    "Computes an answer from stored bars: counts, dates, extremes, means, streaks, returns, correlations. Use it for every number."
)


def plan_schema() -> dict[str, Any]:
    """The JSON schema of a plan; every node names its ``kind``."""
    return msgspec.json.schema(Plan)


def parse_plan(text: str | bytes) -> Plan:
    """The plan that a model proposed as JSON. Raises InvalidInput that says what of it cannot be."""
    try:
        plan = msgspec.json.decode(text, type=Plan)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as e:
        raise InvalidInput(f"The proposed plan cannot be read: {e}.", hint="Follow the schema.", code="question.schema") from e
    return check_plan(plan)


def write_plan(plan: Plan) -> bytes:
    """The plan as JSON that ``parse_plan`` reads back."""
    return msgspec.json.encode(plan)
