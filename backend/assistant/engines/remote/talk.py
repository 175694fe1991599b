"""How one service is talked to: the body of a request, and what its events mean; pure, so that each is tested by itself."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from backend.assistant.engines.engine import Finish, Request, Role
from backend.errors import Unavailable

THINKING: Final = "thinking"
"""The field by which a service is asked to think aloud, and the word by which one says that its model cannot."""

THOUGHT_MIN: Final = 1_024  # tokens, as Anthropic has it


@dataclass(frozen=True, slots=True)
class Said:
    """What an event told: text, what was thought, counts where they are told (-1 where not), and the end where it is one."""

    text: str = ""
    thought: str = ""
    n_prompt: int = -1
    n_generated: int = -1
    finish: Finish | None = None


class Talk(Protocol):
    """One service's way."""

    path: str

    def headers(self, key: str) -> dict[str, str]:
        """What goes with every request."""
        ...

    def body(self, model: str, request: Request) -> dict[str, Any]:
        """The request as the service wants it."""
        ...

    def said(self, kind: str, data: str) -> Said:
        """What an event tells. Raises Unavailable for an error among the events, and for what is none."""
        ...


class OpenAiTalk:
    """Chat completions, as OpenAI and every compatible server stream them."""

    path = "/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        """The key as a bearer, where there is one: own endpoints often need none."""
        return {"authorization": f"Bearer {key}"} if key else {}

    def body(self, model: str, request: Request) -> dict[str, Any]:
        """One user's messages, streamed, with counts at the end."""
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": message.role.value, "content": message.text} for message in request.messages],
            "max_completion_tokens": request.n_tokens_max,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.stop:
            body["stop"] = list(request.stop[:4])
        if request.schema is not None:
            shape = {"name": "answer", "schema": request.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        return body

    def said(self, kind: str, data: str) -> Said:
        """A piece of text, an end, or counts."""
        if data == "[DONE]" or kind == "ping":
            return Said()
        event = _decode(data)
        if "error" in event:
            raise _refused(event["error"])
        usage = event.get("usage") or {}
        counts = (int(usage.get("prompt_tokens", -1)), int(usage.get("completion_tokens", -1)))
        choices = event.get("choices") or [{}]
        delta, end = choices[0].get("delta") or {}, choices[0].get("finish_reason")
        finish = None if end is None else Finish.LENGTH if end == "length" else Finish.STOP
        text, thought = _told(delta.get("content"))
        # Two names of one field; servers in between send both.
        thought += _text(delta.get("reasoning_content") or delta.get("reasoning"))
        return Said(text, thought, *counts, finish)


class OwnTalk(OpenAiTalk):
    """The same with the field that servers of one's own know: most have not learned the newer one."""

    def body(self, model: str, request: Request) -> dict[str, Any]:
        """As OpenAI's, with ``max_tokens``, temperature and seed."""
        body = super().body(model, request)
        body["max_tokens"] = body.pop("max_completion_tokens")
        return {**body, "temperature": request.temperature, "seed": request.seed}


class AnthropicTalk:
    """Messages, as Anthropic streams them."""

    path = "/messages"

    def headers(self, key: str) -> dict[str, str]:
        """The key, and the version of the interface."""
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}

    def body(self, model: str, request: Request) -> dict[str, Any]:
        """System text apart, then turns."""
        system = "\n\n".join(message.text for message in request.messages if message.role == Role.SYSTEM)
        if request.schema is not None:
            system += (
                f"\n\nAnswer with one JSON object of this schema and nothing else:\n{msgspec.json.encode(request.schema).decode()}"
            )
        turns = [message for message in request.messages if message.role != Role.SYSTEM]
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": request.n_tokens_max,
            "messages": [{"role": message.role.value, "content": message.text} for message in turns],
            "stream": True,
        }
        if system.strip():
            body["system"] = system.strip()
        if request.stop:
            body["stop_sequences"] = list(request.stop)
        if THOUGHT_MIN <= request.n_thought_max < request.n_tokens_max:
            body[THINKING] = {"type": "enabled", "budget_tokens": request.n_thought_max}
        return body

    def said(self, kind: str, data: str) -> Said:
        """A piece of text, an end, or counts."""
        event = _decode(data)
        match event.get("type", kind):
            case "error":
                raise _refused(event.get("error", {}))
            case "message_start":
                usage = (event.get("message") or {}).get("usage") or {}
                return Said(n_prompt=int(usage.get("input_tokens", -1)))
            case "content_block_delta":
                delta = event.get("delta") or {}
                return Said(_text(delta.get("text")), _text(delta.get("thinking")))
            case "message_delta":
                end = (event.get("delta") or {}).get("stop_reason")
                finish = None if end is None else Finish.LENGTH if end == "max_tokens" else Finish.STOP
                return Said(n_generated=int((event.get("usage") or {}).get("output_tokens", -1)), finish=finish)
            case _:
                return Said()


def _told(content: Any) -> tuple[str, str]:
    """The text and the thought of a delta's content: words, or as Mistral has it a list of parts of both kinds."""
    if not isinstance(content, list):
        return _text(content), ""
    parts = [part for part in content if isinstance(part, dict)]
    thoughts = [inner for part in parts if isinstance(part.get("thinking"), list) for inner in part["thinking"]]
    text = "".join(_text(part.get("text")) for part in parts if part.get("type") != "thinking")
    return text, "".join(_text(inner.get("text")) for inner in thoughts if isinstance(inner, dict))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _decode(data: str) -> dict[str, Any]:
    try:
        event = msgspec.json.decode(data)
    except msgspec.DecodeError as e:
        raise Unavailable(
            "The service sent something that is no answer.",
            hint="Check its address in the settings.",
            code="assistant.service_form",
        ) from e
    return event if isinstance(event, dict) else {}


def _refused(error: Any) -> Unavailable:
    words = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    return Unavailable(f"The service refused: {words[:300]}", hint="Its own words say why.", code="assistant.service_refused")
