"""What a model takes is estimated before it is loaded: layers by the card's free memory, context by memory, or a refusal."""

import sys
from dataclasses import replace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.engines.gguf import parse_header
from backend.assistant.engines.hardware import (
    GIB,
    MIB,
    Gpu,
    Hardware,
    find_gpus,
    parse_devices,
    parse_nvidia,
    plan_load,
    read_hardware,
)
from backend.errors import Unavailable
from backend.settings_assistant import Assistant
from tests.fakes.gguf_files import write_gguf

EIGHT_B_BYTES = int(4.9 * GIB)


@pytest.fixture
def eight_b(tmp_path):
    """A header as that of an 8B model in four bits, a context of 128k."""
    return replace(
        parse_header(write_gguf(tmp_path / "m.gguf")),
        name="Eight",
        n_ctx_train=131_072,
        n_layers=32,
        n_embd=4096,
        n_heads=32,
        n_kv_heads=8,
        n_vocab=128_256,
        kv_bytes_per_token=131_072,
        input_bytes=300 * MIB,
    )


def machine(available, *gpus):
    return Hardware(n_cores=8, total_bytes=64 * GIB, available_bytes=available, gpus=gpus)


def card(free, *, is_usable=True):
    return Gpu("RTX 4090", 24 * GIB, free, is_usable)


def test_this_machine_is_measured():
    found = read_hardware()

    assert 1 <= found.n_cores <= psutil.cpu_count()
    assert 0 < found.available_bytes <= found.total_bytes
    assert found.budget_bytes < found.available_bytes


def test_with_room_the_usual_context_is_taken_on_the_processor(eight_b):
    plan = plan_load(eight_b, EIGHT_B_BYTES, machine(32 * GIB), Assistant())

    assert (plan.options.n_ctx, plan.options.n_gpu_layers) == (4096, 0)
    assert plan.memory_bytes > EIGHT_B_BYTES + 4096 * 131_072
    assert plan.words.startswith("On the processor, a context of 4096 tokens")


def test_less_memory_makes_a_shorter_context_and_says_so(eight_b):
    plan = plan_load(eight_b, EIGHT_B_BYTES, machine(17 * GIB // 2), Assistant())

    assert 1024 <= plan.options.n_ctx < 4096
    assert "memory does not hold 4096" in plan.words


def test_a_model_that_does_not_fit_is_refused_with_figures(eight_b):
    with pytest.raises(Unavailable, match=r"Eight needs about \d\.\d GB .* 1024 tokens; 859 MB of 68\.7 GB") as refusal:
        plan_load(eight_b, EIGHT_B_BYTES, machine(4 * GIB), Assistant())
    assert refusal.value.code == "engine.memory"
    assert "smaller model" in refusal.value.hint


def test_what_the_loaded_model_gives_back_counts(eight_b):
    assert plan_load(eight_b, EIGHT_B_BYTES, machine(4 * GIB), Assistant(), freed_bytes=8 * GIB).options.n_ctx == 4096


def test_a_card_with_room_takes_all_layers_and_the_memory_is_spared(eight_b):
    plan = plan_load(eight_b, EIGHT_B_BYTES, machine(6 * GIB, card(20 * GIB)), Assistant())

    assert plan.options.n_gpu_layers == -1
    assert plan.memory_bytes < 2 * GIB
    assert "All layers on RTX 4090" in plan.words


def test_a_card_with_some_room_takes_as_many_layers_as_fit(eight_b):
    plan = plan_load(eight_b, EIGHT_B_BYTES, machine(32 * GIB, card(4 * GIB)), Assistant())

    assert 0 < plan.options.n_gpu_layers < 32
    assert plan.gpu_bytes <= 4 * GIB
    assert f"{plan.options.n_gpu_layers} of 32 layers on RTX 4090" in plan.words


@pytest.mark.parametrize(
    ("gpu", "device"), [(card(20 * GIB), "processor"), (card(20 * GIB, is_usable=False), "auto"), (card(600 * MIB), "auto")]
)
def test_a_card_is_left_alone_where_it_is_not_wanted_not_usable_or_full(eight_b, gpu, device):
    plan = plan_load(eight_b, EIGHT_B_BYTES, machine(32 * GIB, gpu), Assistant(device=device))

    assert plan.options.n_gpu_layers == 0


def test_of_two_cards_the_one_with_more_room_is_taken():
    assert machine(GIB, card(GIB), card(3 * GIB), card(9 * GIB, is_usable=False)).gpu.free_bytes == 3 * GIB


def test_a_model_trained_on_less_gets_no_longer_context(eight_b):
    assert plan_load(replace(eight_b, n_ctx_train=512), MIB, machine(32 * GIB), Assistant()).options.n_ctx == 512


def test_a_model_of_vectors_is_loaded_as_one(eight_b):
    options = plan_load(replace(eight_b, is_embedding=True), MIB, machine(32 * GIB), Assistant()).options

    assert (options.is_embedding, options.n_ctx) == (True, 2048)


@given(available=st.integers(0, 128 * GIB), free=st.integers(0, 80 * GIB), n_bytes=st.integers(MIB, 80 * GIB))
def test_no_plan_takes_more_than_there_is(tmp_path_factory, available, free, n_bytes):
    header = parse_header(write_gguf(tmp_path_factory.getbasetemp() / "any.gguf"))
    header = replace(header, n_layers=32, n_embd=4096, n_heads=32, n_vocab=128_256, kv_bytes_per_token=131_072, n_ctx_train=32_768)
    hardware = machine(available, card(free))
    try:
        plan = plan_load(header, n_bytes, hardware, Assistant())
    except Unavailable:
        return
    assert 0 <= plan.memory_bytes <= hardware.budget_bytes
    assert plan.gpu_bytes <= free
    assert 1024 <= plan.options.n_ctx <= 8192


def test_nvidias_lines_are_read_and_noise_is_left_out():
    said = b"NVIDIA H200, 143771, 143200\nNo devices were found\nX, [N/A], 3\n, 1, 2\n\xff\xfe\nRTX 3060, 12288, 11000\n"

    assert parse_nvidia(said) == (
        Gpu("NVIDIA H200", 143771 * MIB, 143200 * MIB, is_usable=False),
        Gpu("RTX 3060", 12288 * MIB, 11000 * MIB, is_usable=False),
    )


@given(st.binary(max_size=200))
def test_noise_is_no_device(noise):
    assert parse_devices(noise) == ()
    assert all(gpu.total_bytes >= 0 for gpu in parse_nvidia(noise))


def test_devices_that_the_engine_lists_are_usable():
    assert parse_devices(
        b'[{"name": "Metal", "total_bytes": 8, "free_bytes": 4}, {"name": "x", "total_bytes": 0, "free_bytes": 0}]'
    ) == (Gpu("Metal", 8, 4),)


def test_programs_are_asked_in_turn_and_those_that_fail_say_nothing(tmp_path):
    def printing(text):
        return (sys.executable, "-c", f"print({text!r})")

    nvidia = printing("RTX 3060, 12288, 11000")
    assert find_gpus(printing('[{"name": "CUDA0", "total_bytes": 9, "free_bytes": 8}]'), nvidia) == (Gpu("CUDA0", 9, 8),)
    assert not find_gpus(printing("[]"), nvidia)[0].is_usable
    assert find_gpus((sys.executable, "-c", "raise SystemExit(1)"), (str(tmp_path / "missing"),)) == ()
