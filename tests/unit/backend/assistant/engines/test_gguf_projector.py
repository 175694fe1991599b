"""The head of a projector: what it says, and why a file is none, or not the model's."""

import pytest

from backend.assistant.engines.gguf import parse_header
from backend.assistant.engines.gguf_projector import check_projector, parse_projector
from backend.errors import InvalidInput
from tests.fakes.gguf_files import write_adapter, write_gguf, write_projector


def test_a_projector_tells_its_name_its_style_and_how_wide_it_is(tmp_path):
    head = parse_projector(write_projector(tmp_path / "eyes.gguf", width=64, general__license="mit"))
    assert (head.name, head.style, head.width, head.image_side, head.licence) == ("Tiny Eyes", "mlp", 64, 56, "mit")


def test_of_a_style_that_is_not_known_only_a_trial_tells_the_width(tmp_path):
    assert parse_projector(write_projector(tmp_path / "eyes.gguf", style="telepathy")).width == 0


def test_models_and_adapters_are_no_projectors_and_a_projector_is_no_model(tmp_path):
    with pytest.raises(InvalidInput, match="holds a model, not the eyes"):
        parse_projector(write_gguf(tmp_path / "model.gguf"))
    with pytest.raises(InvalidInput, match="holds an adapter, not the eyes"):
        parse_projector(write_adapter(tmp_path / "adapter.gguf"))
    with pytest.raises(InvalidInput, match="add it to that model as its projector"):
        parse_header(write_projector(tmp_path / "eyes.gguf"))


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"clip__has_vision_encoder": False}, "reads no pictures"),
        ({"style": ""}, "reads no pictures"),
        ({"clip__vision__patch_size": 0}, "does not say its patch size"),
        ({"clip__vision__patch_size": 57}, "smaller than one of their parts"),
        ({"clip__vision__image_size": 2**31}, "does not say its image size"),
        ({"clip__vision__block_count": 100_000}, "does not say its block count"),
        ({"clip__vision__attention__head_count": 0}, "does not say its attention head count"),
        ({"clip__vision__embedding_length": ""}, "does not say its embedding length"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(tmp_path, keys, why):
    with pytest.raises(InvalidInput, match=why):
        parse_projector(write_projector(tmp_path / "eyes.gguf", **keys))


def test_a_file_that_ends_too_early_is_refused(tmp_path):
    path = write_projector(tmp_path / "eyes.gguf")
    path.write_bytes(path.read_bytes()[:-1_000])
    with pytest.raises(InvalidInput, match=r"eyes\.gguf"):
        parse_projector(path)


def test_a_projector_must_be_as_wide_as_its_model(tmp_path):
    model = parse_header(write_gguf(tmp_path / "model.gguf"))
    assert check_projector(write_projector(tmp_path / "fits.gguf", width=64), model).width == 64
    with pytest.raises(InvalidInput, match="gives 576 numbers a token, the model takes 64"):
        check_projector(write_projector(tmp_path / "wide.gguf"), model)
