"""What a GGUF file says of the projector in it, the eyes of a model: the head alone, in bounds, before any engine sees it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.assistant.engines.gguf import GgufHeader
from backend.assistant.engines.gguf_bytes import Head, load_head
from backend.errors import InvalidInput

_SIDE_MAX: Final = 4_096
_LAYERS_MAX: Final = 512
_WIDTH_MAX: Final = 2**20
# Where the last weights of a style stand, and which of their sides is as wide as the model: clip_n_mmproj_embd of clip.cpp.
_LAST: Final = {
    "mlp": ("mm.2.weight", 1),
    "idefics3": ("mm.model.fc.weight", 1),
    "gemma3": ("mm.input_projection.weight", 0),
    "pixtral": ("mm.2.weight", 1),
    "internvl": ("mm.3.weight", 1),
    "lfm2": ("mm.2.weight", 1),
}
_NOT_LAST: Final = "mm.3.weight"  # of the older kind of mlp


@dataclass(frozen=True, slots=True)
class ProjectorHeader:
    """A projector as its file describes it.

    style : how it turns a picture into what a model reads, as "idefics3"
    width : numbers a token, which must be the model's; 0 where only a trial tells
    """

    name: str
    style: str
    width: int
    image_side: int
    n_parameters: int
    n_bytes: int
    licence: str


def parse_projector(path: Path) -> ProjectorHeader:
    """Read the head of a projector. Raises InvalidInput, with the reason, for whatever is not one whole, sound one for pictures."""
    head = load_head(path)
    architecture, kind = head.words("general.architecture"), head.words("general.type")
    if architecture != "clip":
        raise _refused(path, f"it holds {'an adapter' if kind == 'adapter' else 'a model'}, not the eyes of one")
    style = head.words("clip.vision.projector_type") or head.words("clip.projector_type")
    if head.keys.get("clip.has_vision_encoder") is not True or not style:
        raise _refused(path, "it reads no pictures")
    if not head.tensors:
        raise _refused(path, "it holds no weights")
    side, patch = _number(path, head, "image_size", _SIDE_MAX), _number(path, head, "patch_size", _SIDE_MAX)
    if patch > side:
        raise _refused(path, "its pictures are smaller than one of their parts")
    for key, most in (("block_count", _LAYERS_MAX), ("embedding_length", _WIDTH_MAX), ("attention.head_count", _WIDTH_MAX)):
        _number(path, head, key, most)
    return ProjectorHeader(
        name=head.name(path),
        style=style,
        width=_width(head, style),
        image_side=side,
        n_parameters=sum(tensor.n_values for tensor in head.tensors),
        n_bytes=head.n_bytes,
        licence=head.words("general.license"),
    )


def check_projector(path: Path, model: GgufHeader) -> ProjectorHeader:
    """The projector's head. Raises InvalidInput where it is none, or is not as wide as the model."""
    head = parse_projector(path)
    if head.width and head.width != model.n_embd:
        raise foreign(path, model.name, f"it gives {head.width} numbers a token, the model takes {model.n_embd}")
    return head


def foreign(path: Path, model: str, why: str) -> InvalidInput:
    """For a projector of another model."""
    return InvalidInput(
        f"The projector {path.name} does not go with {model}: {why}.",
        hint="Choose the one that was published with this model, often named mmproj.",
        code="models.projector",
    )


def _width(head: Head, style: str) -> int:
    name, side = _LAST.get(style, ("", 0))
    weights = {tensor.name: tensor for tensor in head.tensors}
    last = weights.get(name)
    if last is None or len(last.dims) <= side or (style == "mlp" and _NOT_LAST in weights):
        return 0
    return last.dims[side]


def _number(path: Path, head: Head, key: str, most: int) -> int:
    found = head.keys.get(f"clip.vision.{key}")
    if isinstance(found, bool) or not isinstance(found, int) or not 0 < found <= most:
        raise _refused(path, f"it does not say its {key.replace('_', ' ').replace('.', ' ')}, or what cannot be")
    return found


def _refused(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"The file {path.name} is not a projector that can be used: {why}.",
        hint="Choose the file that was published with the model to read pictures, often named mmproj.",
        code="models.projector",
    )
