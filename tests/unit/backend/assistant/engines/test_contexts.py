"""How long a context a model gets."""

import pytest

from backend.assistant.engines.contexts import choose_n_ctx
from backend.assistant.engines.engine import LoadOptions
from backend.assistant.engines.gguf import parse_header
from backend.errors import InvalidInput, Unavailable
from tests.fakes.starter_model import find_starter_model

GB = 10**9
STARTER = parse_header(find_starter_model())


@pytest.mark.parametrize(
    ("options", "free_bytes", "n_ctx"),
    [
        (LoadOptions(), 8 * GB, 8192),
        (LoadOptions(n_ctx=3000), 8 * GB, 3000),
        (LoadOptions(n_ctx=100_000), 8 * GB, 8192),
        (LoadOptions(is_embedding=True), 8 * GB, 2048),
        (LoadOptions(), 200_000_000, 2560),
        (LoadOptions(n_ctx=256), 136_000_000, 256),
    ],
)
def test_a_context_is_as_asked_within_training_and_memory(options, free_bytes, n_ctx):
    assert STARTER.n_ctx_train == 8192
    assert choose_n_ctx(STARTER, options, free_bytes) == n_ctx


def test_a_machine_without_the_memory_is_told_what_is_needed_and_what_is_free():
    with pytest.raises(Unavailable, match=r"0\.1 GB.*0\.1 GB of memory are free") as told:
        choose_n_ctx(STARTER, LoadOptions(), 130_000_000)
    assert told.value.code == "engine.memory"


def test_weights_on_a_graphics_card_need_no_main_memory():
    assert choose_n_ctx(STARTER, LoadOptions(n_gpu_layers=-1), 130_000_000) > 1024


def test_a_negative_context_is_refused():
    with pytest.raises(InvalidInput, match="-1"):
        choose_n_ctx(STARTER, LoadOptions(n_ctx=-1), 8 * GB)
