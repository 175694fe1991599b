"""Templates of real models' kinds: in the sandbox, with system words where they belong, loud where there is none."""

import importlib

import pytest

from backend.assistant.engines.chat_template import jinja_template
from backend.assistant.engines.engine import Message, Role
from backend.errors import InvalidInput

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
REFUSES_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + CHATML
DROPS_SYSTEM = "{% for m in messages if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endfor %}"
WANTS_TURNS = (
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}"
    "{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}"
)
SYSTEM, GOLD, REPLY = Message(Role.SYSTEM, "Be calm."), Message(Role.USER, "Gold?"), Message(Role.ASSISTANT, "A metal.")


@pytest.fixture(scope="module")
def formats():
    return importlib.import_module("llama_cpp.llama_chat_format")


@pytest.fixture
def template(formats):
    return lambda source: jinja_template(source, formats, "Model", eos="</s>", bos="<s>")


def test_messages_are_rendered_in_the_models_words_up_to_its_turn(template):
    assert template(CHATML).render([SYSTEM, GOLD]) == (
        "<|im_start|>system\nBe calm.<|im_end|>\n<|im_start|>user\nGold?<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize("source", [REFUSES_SYSTEM, DROPS_SYSTEM])
def test_system_words_reach_a_model_whose_template_knows_no_such_role(template, source):
    rendered = template(source).render([SYSTEM, GOLD, REPLY, GOLD])
    assert "Be calm.\n\nGold?" in rendered
    assert rendered.count("Be calm.") == 1
    assert "system" not in rendered


def test_system_words_alone_or_at_the_end_are_not_lost(template):
    assert "Be calm." in template(DROPS_SYSTEM).render([SYSTEM])
    assert template(DROPS_SYSTEM).render([GOLD, REPLY, SYSTEM]).endswith("<user>Be calm.")


def test_messages_that_a_template_does_not_take_are_refused_in_its_own_words(template):
    with pytest.raises(InvalidInput, match="Roles must alternate"):
        template(WANTS_TURNS).render([GOLD, GOLD])


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}",
        "{{ messages[0].content | nosuchfilter }}",
        "{{ 1 / 0 }}",
        "{{ nothing.at.all }}",
        "static words",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}{{ messages[0].content }}",
        "{{ messages.append(1) }}{{ messages[0].content }}",
        "{{ messages[0].content }}{% for a in range(100000000) %}{% endfor %}",
        "{% include '/etc/passwd' %}{{ messages[0].content }}",
    ],
)
def test_a_template_that_is_broken_or_reaches_out_is_refused(template, source):
    with pytest.raises(InvalidInput, match="chat template of Model") as told:
        template(source)
    assert told.value.code == "engine.template"


def test_a_model_without_a_template_takes_one_text_and_no_chat(template):
    plain = template("")
    assert not plain.is_there
    assert plain.render([GOLD]) == "Gold?"
    for messages in ([SYSTEM, GOLD], [SYSTEM], [GOLD, REPLY]):
        with pytest.raises(InvalidInput, match="go on with a text, but not chat"):
            plain.render(messages)


def test_no_messages_are_no_prompt(template):
    with pytest.raises(InvalidInput, match="no messages"):
        template(CHATML).render([])


def test_a_template_that_takes_contents_by_their_kinds_alone_gets_them_so(template):
    typed = (
        "{% for m in messages %}<{{ m.role }}>{% for part in m.content %}{% if part.type == 'text' %}{{ part.text }}{% endif %}"
        "{% endfor %}</>{% endfor %}"
    )
    assert template(typed).render((SYSTEM, GOLD)) == "<system>Be calm.</><user>Gold?</>"
