"""A model's projector in llama-cpp-python: pictures become what the model reads, by libmtmd below the package's classes.

The package's own way keeps a projector in a chat handler, writes prompts in templates of its own, and cannot be stopped.
"""

import ctypes
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from backend.assistant.engines.gguf_projector import foreign
from backend.assistant.engines.llama_library import AbortSwitch, LlamaLibrary
from backend.errors import InvalidInput, Unavailable

STEPS_BETWEEN_LOOKS: Final = 8  # of the graph, between two looks at the switch


class LlamaEyes:
    """The projector of one loaded ``Llama``. Raises InvalidInput where the library does not take it. Close it before the model.

    switch : ends the reading of a picture; of the model's context
    """

    def __init__(self, library: LlamaLibrary, llama: Any, projector: Path, *, n_threads: int, uses_gpu: bool) -> None:
        self._mtmd = importlib.import_module("llama_cpp.mtmd_cpp")
        self._llama = llama
        self.switch: AbortSwitch | None = None
        self._n_steps = 0
        self._mtmd.mtmd_helper_log_set(library.kept[0], ctypes.c_void_p(0))  # and that of the library below it
        asked = self._mtmd.mtmd_context_params_default()
        asked.use_gpu, asked.print_timings, asked.warmup, asked.n_threads = uses_gpu, False, False, n_threads
        # Between parts of the graph it asks whether to go on; kept here, for it asks as long as it lives.
        self._asks = library.low.ggml_backend_sched_eval_callback(self._goes_on)
        asked.cb_eval = self._asks
        self._made: Any = self._mtmd.mtmd_init_from_file(str(projector).encode(), llama.model, asked)
        if not self._made or not self._mtmd.mtmd_support_vision(self._made):
            self.close()
            raise foreign(projector, "this model", "; ".join(list(library.lines)[-2:]) or "its parts do not fit")

    def look(self, texts: Sequence[str], pictures: Sequence[bytes]) -> "Look":
        """A prompt whose pictures stand between its texts. Raises InvalidInput for what the library cannot read as pictures."""
        bitmaps: list[Any] = []
        try:
            bitmaps += map(self._bitmap, pictures)
            kept = [self._text_part(texts[0])]
            for bitmap, text in zip(bitmaps, texts[1:], strict=True):
                kept += [self._mtmd.mtmd_input_part(bitmap=bitmap), self._text_part(text)]
            return Look(self._mtmd, self._chunks([part for part in kept if part.bitmap or part.text.contents.text_len]))
        finally:
            for bitmap in bitmaps:
                self._mtmd.mtmd_bitmap_free(bitmap)

    def read(self, picture: "Picture", n_held: int, n_batch: int) -> int:
        """Have the model read a picture behind ``n_held`` places; the place behind it. Raises Unavailable where it broke off.

        Where the switch was pressed meanwhile, what was read is to be thrown away.
        """
        self._check_room(picture, n_batch)
        if self._mtmd.mtmd_encode_chunk(self._made, picture.chunk) != 0:
            raise _broke_off("it could not be encoded")
        if self.switch is not None and self.switch.is_pressed():
            raise _broke_off("it was stopped")
        behind = ctypes.c_int32(n_held)
        no_callback = self._mtmd.mtmd_helper_post_decode_callback()
        values = self._mtmd.mtmd_get_output_embd(self._made)
        where = (self._llama.ctx, picture.chunk, values, n_held, 0, n_batch, ctypes.byref(behind), no_callback, None)
        code = self._mtmd.mtmd_helper_decode_image_chunk(self._made, *where)
        if code != 0:
            raise _broke_off(f"decoding gave {code}")
        return behind.value

    def close(self) -> None:
        """Free it; a second time does nothing."""
        made, self._made = self._made, None
        if made:
            self._mtmd.mtmd_free(made)

    def _goes_on(self, _tensor: Any, asks: bool, _data: Any) -> bool:  # noqa: FBT001 - the library's signature
        if not asks:
            return self.switch is None or not self.switch.is_pressed()
        self._n_steps += 1
        return self._n_steps % STEPS_BETWEEN_LOOKS == 0

    def _bitmap(self, png: bytes) -> Any:
        data = (ctypes.c_uint8 * len(png)).from_buffer_copy(png)
        made = self._mtmd.mtmd_helper_bitmap_init_from_buf(self._made, data, len(png), False)
        if not made:
            raise _unreadable()
        return made

    def _chunks(self, parts: Sequence[Any]) -> Any:
        """The prompt as the library cuts it; whoever takes it frees it."""
        made = self._mtmd.mtmd_input_chunks_init()
        given = (ctypes.POINTER(self._mtmd.mtmd_input_part) * len(parts))(*map(ctypes.pointer, parts))
        if self._mtmd.mtmd_tokenize_from_parts(self._made, made, given, len(parts), False) != 0:
            self._mtmd.mtmd_input_chunks_free(made)
            raise _unreadable()
        return made

    def _text_part(self, text: str) -> Any:
        said = text.encode("utf-8", "replace")
        words = self._mtmd.mtmd_input_text(text=said, text_len=len(said), add_special=False, parse_special=True)
        return self._mtmd.mtmd_input_part(text=ctypes.pointer(words))

    def _check_room(self, picture: "Picture", n_batch: int) -> None:
        """Some models look at all of a picture at once, which must then fit in one batch."""
        if self._mtmd.mtmd_decode_use_non_causal(self._made, picture.chunk) and picture.n_tokens > n_batch:
            raise InvalidInput(
                f"The picture becomes {picture.n_tokens:,} tokens; this model reads {n_batch:,} of a picture at once.",
                hint="Give a smaller picture.",
                code="engine.picture",
            )


class Picture:
    """A picture, or a part of one, in a prompt. Lives as long as its ``Look``."""

    def __init__(self, chunk: Any, n_tokens: int) -> None:
        self.chunk = chunk
        self.n_tokens = n_tokens


Part: TypeAlias = tuple[int, ...] | Picture


class Look:
    """A prompt with pictures, cut into tokens and pictures. Close it.

    parts : the first is text, also where that is empty; large pictures become several, with tokens between them
    """

    def __init__(self, mtmd: Any, chunks: Any) -> None:
        self._mtmd = mtmd
        self._chunks = chunks
        found = [self._part(mtmd.mtmd_input_chunks_get(chunks, place)) for place in range(mtmd.mtmd_input_chunks_size(chunks))]
        self.parts: list[Part] = found if found and isinstance(found[0], tuple) else [(), *found]

    @property
    def n_tokens(self) -> int:
        """Places that the prompt takes in the context."""
        return sum(part.n_tokens if isinstance(part, Picture) else len(part) for part in self.parts)

    def close(self) -> None:
        """Free it; a second time does nothing."""
        chunks, self._chunks = self._chunks, None
        if chunks:
            self._mtmd.mtmd_input_chunks_free(chunks)

    def __del__(self) -> None:
        self.close()  # a generation that was never begun

    def _part(self, chunk: Any) -> Part:
        if self._mtmd.mtmd_input_chunk_get_type(chunk) != self._mtmd.MTMD_INPUT_CHUNK_TYPE_TEXT:
            return Picture(chunk, int(self._mtmd.mtmd_input_chunk_get_n_tokens(chunk)))
        n = ctypes.c_size_t(0)
        tokens = self._mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(n))
        return tuple(tokens[: n.value])


def _unreadable() -> InvalidInput:
    return InvalidInput("The picture cannot be read by this model.", hint="Give another one.", code="engine.picture")


def _broke_off(why: str) -> Unavailable:
    return Unavailable(f"The picture was not read: {why}.", hint="Ask again, or load the model again.", code="engine.decode")
