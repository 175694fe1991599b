"""A model read from its own GGUF file into PyTorch, with an adapter of PEFT around it.

Only weights are adapted that lie in the file as PyTorch keeps them: values and outputs of attention, and the feed-forward layers.
Queries and keys are turned about in the files of some architectures, and add little (Schulman et al., "LoRA Without Regret", 2025).
"""

import re
import warnings
from pathlib import Path
from typing import Any, Final

import psutil

from backend.assistant.engines.gguf import GgufHeader
from backend.assistant.training.adapter_file import Pair
from backend.assistant.training.libraries import Libraries
from backend.assistant.training.recipe import Recipe
from backend.assistant.training.samples import Sample
from backend.errors import InvalidInput, Unavailable

_WEIGHT: Final = ".weight"
_ADAPTED: Final = re.compile(r"blk\.\d+\.(attn_v|attn_output|ffn_gate|ffn_up|ffn_down)")
_A, _B = ".lora_A.default.weight", ".lora_B.default.weight"
_ROOM: Final = 1.3  # of the weights: with them, what is kept to learn, and the work
_READ_ERRORS: Final = (ValueError, KeyError, AttributeError, NotImplementedError, RuntimeError, TypeError, OSError)


class AdaptedModel:
    """The model; before anything is learned its adapter changes nothing.

    Raises InvalidInput for an architecture that cannot be read or has nothing to adapt, Unavailable for lack of memory.
    """

    def __init__(self, libraries: Libraries, path: Path, header: GgufHeader, recipe: Recipe) -> None:
        self._torch = libraries.torch
        self._device = "cuda" if libraries.torch.cuda.is_available() else "cpu"
        dtype = libraries.torch.float32 if self._device == "cpu" else libraries.torch.bfloat16
        self._check_memory(header, dtype.itemsize)
        libraries.torch.manual_seed(recipe.seed)
        try:
            plain = libraries.transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=dtype)
        except _READ_ERRORS as error:
            raise _refused(header, str(error)) from error
        self._names = _names_to_adapt(libraries, plain, header)
        config = libraries.peft.LoraConfig(
            r=recipe.rank, lora_alpha=recipe.alpha, target_modules=list(self._names), lora_dropout=0.0, task_type="CAUSAL_LM"
        )
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # between the two libraries
            self._model = libraries.peft.get_peft_model(plain, config).to(self._device)

    @property
    def weights(self) -> list[Any]:
        """What is learned."""
        return [weight for weight in self._model.parameters() if weight.requires_grad]

    def loss(self, sample: Sample) -> Any:
        """The loss of an answer's tokens, summed."""
        tokens = self._torch.tensor([sample.tokens], device=self._device)
        said = self._model(input_ids=tokens).logits[0, sample.n_prompt - 1 : -1].float()
        return self._torch.nn.functional.cross_entropy(said, tokens[0, sample.n_prompt :], reduction="sum")

    def loss_alone(self, sample: Sample) -> float:
        """The same, where nothing is to be learned from it."""
        with self._torch.no_grad():
            return float(self.loss(sample))

    def pairs(self) -> dict[str, Pair]:
        """The adapter's matrices as they are now, by the GGUF names of their weights."""
        found = {name: weight for name, weight in self._model.named_parameters() if weight.requires_grad}

        def matrix(module: str, side: str) -> Any:
            return found[f"base_model.model.{module}{side}"].detach().float().cpu().numpy().copy()

        return {given: (matrix(module, _A), matrix(module, _B)) for module, given in self._names.items()}

    def _check_memory(self, header: GgufHeader, n_bytes_each: int) -> None:
        needed = header.n_parameters * n_bytes_each * _ROOM
        free = self._torch.cuda.mem_get_info()[0] if self._device == "cuda" else psutil.virtual_memory().available
        if needed > free:
            raise Unavailable(
                f"Training {header.name} takes about {needed / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free.",
                hint="Close other programs, or train an adapter for a smaller model.",
                code="training.memory",
            )


def _names_to_adapt(libraries: Libraries, model: Any, header: GgufHeader) -> dict[str, str]:
    """GGUF names of the weights to adapt, by the names of their modules."""
    kinds = {name: kind for kind, name in libraries.gguf.MODEL_ARCH_NAMES.items()}
    if header.architecture not in kinds:
        raise _refused(header, f"the architecture {header.architecture} is not known")
    table = libraries.gguf.get_tensor_name_map(kinds[header.architecture], header.n_layers)
    found = {}
    for name, module in model.named_modules():
        given = table.get_name(f"{name}{_WEIGHT}", try_suffixes=(_WEIGHT,)) or ""
        if isinstance(module, libraries.torch.nn.Linear) and _ADAPTED.fullmatch(given.removesuffix(_WEIGHT)):
            found[name] = given
    if not found:
        raise _refused(header, "none of its layers is of a kind that can be adapted")
    return found


def _refused(header: GgufHeader, why: str) -> InvalidInput:
    return InvalidInput(
        f"{header.name} cannot be trained: {why[:300]}.",
        hint="Choose another model; those of the Llama, Qwen, Mistral, Gemma and Phi families can be.",
        code="training.model",
    )
