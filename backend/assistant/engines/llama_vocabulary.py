"""The tokens of a model in llama-cpp-python, as text and as bytes."""

import ctypes
from typing import Any

from backend.assistant.engines.thoughts import ALL_SIGNS, sign_words

PIECE_BYTES = 64


class LlamaVocabulary:
    """The vocabulary of a loaded ``Llama``.

    bos, eos : the words that begin and end a text, empty where the model has none
    """

    def __init__(self, low: Any, llama: Any) -> None:
        self._low = low
        self._llama = llama
        self._vocab = low.llama_model_get_vocab(llama.model)
        self._pieces = self._load_signs()
        self.bos, self.eos = (self._load_word(token) for token in (llama.token_bos(), llama.token_eos()))

    def of_prompt(self, text: str) -> list[int]:
        """Tokens of a rendered prompt; most templates write the beginning themselves, the others get it here."""
        return self.begun(self._tokenize(text, is_special=True, is_begun=False))

    def begun(self, tokens: list[int]) -> list[int]:
        """Tokens of a prompt, begun as the model was trained to."""
        bos = self._llama.token_bos()
        if self._low.llama_vocab_get_add_bos(self._vocab) and tokens[:1] != [bos]:
            tokens.insert(0, bos)
        return tokens

    def of_text(self, text: str) -> list[int]:
        """Tokens of plain words."""
        return self._tokenize(text, is_special=False, is_begun=True)

    def of_answer(self, text: str) -> list[int]:
        """Tokens of words that go on from a prompt."""
        return self._tokenize(text, is_special=False, is_begun=False)

    def signs_in(self, text: str) -> list[str]:
        """The signs of the template that stand in a text."""
        tokens = sorted(set(self._tokenize(text, is_special=True, is_begun=False)))
        words = [self._load_word(token) for token in tokens if self._low.llama_vocab_is_control(self._vocab, token)]
        return [word for word in words if word]

    @property
    def end(self) -> int:
        """The token that ends a text."""
        return int(self._llama.token_eos())

    def is_end(self, token: int) -> bool:
        """Whether the model ends its answer by this token."""
        return bool(self._low.llama_vocab_is_eog(self._vocab, token))

    def piece(self, token: int) -> bytes:
        """What a token adds to the text; signs of the template add nothing, but those around thoughts."""
        found = self._pieces.get(token)
        if found is None:
            found = self._pieces[token] = self._load_piece(token, is_special=False)
        return found

    def _load_signs(self) -> dict[int, bytes]:
        """The signs around thoughts that this vocabulary has, by their token."""
        found = {word: self._tokenize(word, is_special=True, is_begun=False) for word in ALL_SIGNS}
        signs = {word: tokens[0] for word, tokens in found.items() if len(tokens) == 1}
        return {signs[word]: word.encode() for word in sign_words(signs)}

    def _tokenize(self, text: str, *, is_special: bool, is_begun: bool) -> list[int]:
        return list(self._llama.tokenize(text.encode("utf-8", "replace"), add_bos=is_begun, special=is_special))

    def _load_word(self, token: int) -> str:
        return self._load_piece(token, is_special=True).decode("utf-8", "ignore") if token >= 0 else ""

    def _load_piece(self, token: int, *, is_special: bool) -> bytes:
        size = PIECE_BYTES
        while True:
            buffer = ctypes.create_string_buffer(size)
            n_bytes = self._low.llama_token_to_piece(self._vocab, token, buffer, size, 0, is_special)
            if n_bytes >= 0:
                return buffer.raw[:n_bytes]
            size = -n_bytes
