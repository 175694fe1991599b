"""Messages become the text of a prompt, in the model's own template and nothing else's, rendered in a sandbox."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from backend.assistant.engines.engine import Message, Role
from backend.assistant.engines.thoughts import open_sign
from backend.errors import InvalidInput

# Whatever a template that comes with a file may raise when it is rendered; it runs in the sandbox of jinja2.
_RENDER_ERRORS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, NotImplementedError)
_TRIAL_SYSTEM, _TRIAL_USER = "Trial of the system words.", "Trial of a question."


Content: TypeAlias = str | list[dict[str, str]]
Render = Callable[[list[dict[str, Content]]], str]
"""Renders messages, as roles and contents, by a model's template. Raises TemplateFailed."""


class TemplateFailed(Exception):
    """A template could not be read, or did not take the messages."""


class ChatTemplate:
    """The template of one model. Without ``render`` the model has none: it can go on with a text, but not chat.

    begins_in : the sign of a thought with which it ends a prompt, so that the model thinks from its first word on

    Raises InvalidInput for a template that does not render a plain question.
    """

    def __init__(self, render: Render | None, name: str) -> None:
        self._render_plain = render
        self._name = name
        self._is_system_refused = self._is_typed = False
        self.begins_in = ""
        if render is not None:
            user = Message(Role.USER, _TRIAL_USER)
            self._is_typed = not self._shows(_TRIAL_USER, (user,))
            prompt = self._render((user,))
            if _TRIAL_USER not in prompt:
                raise broken_template(name, "it leaves out what is asked")
            self.begins_in = open_sign(prompt)
            self._is_system_refused = not self._shows(_TRIAL_SYSTEM, (Message(Role.SYSTEM, _TRIAL_SYSTEM), user))

    @property
    def is_there(self) -> bool:
        """Whether the model can chat."""
        return self._render_plain is not None

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt, up to where the model is to go on.

        A model without a template gets one user message as it is. A system message is put before the first question where the
        template knows no such role. Raises InvalidInput for messages that the template does not take.
        """
        if not messages:
            raise InvalidInput("A request has no messages.", code="engine.no_messages")
        if self._render_plain is None:
            return self._plain(messages)
        return self._render(_folded(messages) if self._is_system_refused else messages)

    def _plain(self, messages: Sequence[Message]) -> str:
        if len(messages) > 1 or messages[0].role is not Role.USER:
            raise InvalidInput(
                f"{self._name} has no chat template: it can go on with a text, but not chat.",
                hint="Choose a model made to chat, often named Instruct or Chat.",
                code="engine.no_template",
            )
        return messages[0].text

    def _shows(self, text: str, messages: Sequence[Message]) -> bool:
        """Whether a text comes through. Some templates refuse a role, some drop it, some want contents by their kinds."""
        try:
            return text in self._render(messages)
        except InvalidInput:
            return False

    def _render(self, messages: Sequence[Message]) -> str:
        assert self._render_plain is not None
        try:
            return self._render_plain([{"role": message.role.value, "content": self._content(message)} for message in messages])
        except TemplateFailed as error:
            raise broken_template(self._name, str(error)) from error

    def _content(self, message: Message) -> Content:
        """Templates of models that see often take a list of texts and pictures, and nothing else."""
        return [{"type": "text", "text": message.text}] if self._is_typed else message.text


def jinja_template(source: str, formats: Any, name: str, *, eos: str, bos: str) -> ChatTemplate:
    """A template as the model's file brings it, in the sandboxed formatter of llama-cpp-python; empty where it brings none.

    Raises InvalidInput for one that cannot be used.
    """
    if not source:
        return ChatTemplate(None, name)
    errors = (importlib.import_module("jinja2").TemplateError, *_RENDER_ERRORS)
    try:
        formatter = formats.Jinja2ChatFormatter(template=source, eos_token=eos, bos_token=bos)
    except errors as error:
        raise broken_template(name, str(error)) from error

    def render(messages: list[dict[str, Content]]) -> str:
        try:
            return str(formatter(messages=messages).prompt)
        except errors as error:
            raise TemplateFailed(str(error) or type(error).__name__) from error

    return ChatTemplate(render, name)


def broken_template(name: str, why: str) -> InvalidInput:
    """For a template that cannot be used, or not for these messages."""
    return InvalidInput(
        f"The chat template of {name} cannot be used: {why[:200]}.",
        hint="Choose another file of this model.",
        code="engine.template",
    )


def _folded(messages: Sequence[Message]) -> tuple[Message, ...]:
    """System messages put before what the user says next."""
    waiting: list[str] = []
    folded: list[Message] = []
    for message in messages:
        if message.role is Role.SYSTEM:
            waiting.append(message.text)
        elif message.role is Role.USER and waiting:
            folded.append(Message(Role.USER, "\n\n".join([*waiting, message.text])))
            waiting = []
        else:
            folded.append(message)
    return (*folded, Message(Role.USER, "\n\n".join(waiting))) if waiting else tuple(folded)
