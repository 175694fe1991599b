"""The server inside xllamacpp: its own calls for text and vectors, and its loopback address, under a key, for the rest."""

import importlib
import importlib.metadata
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from backend.assistant.engines.chat_template import TemplateFailed
from backend.errors import InvalidInput, Unavailable

NAME = "xllamacpp"
TIMEOUT_S = 60.0
SLOT = 0
DEAD_END = "grammar stack"

Chunk = dict[str, Any]


def open_xllamacpp() -> tuple[Any, str]:
    """The package and its version. Raises Unavailable where it is not installed or does not run here."""
    try:
        return importlib.import_module(NAME), importlib.metadata.version(NAME)
    except (ImportError, OSError) as error:
        raise Unavailable(
            f"{NAME} cannot be used here: {error}", hint="Run `python3 dev.py` to set it up.", code="engine.not_installed"
        ) from error


class XllamaServer:
    """A loaded model. Its address listens on loopback, as the package has it; nobody gets an answer there without the key."""

    def __init__(self, package: Any, params: Any) -> None:
        key = secrets.token_hex(32)
        params.api_keys = [key]
        self._server = package.Server(params)
        self._http = httpx.Client(
            base_url=self._server.listening_address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_S,
            trust_env=False,
        )

    def complete(self, tokens: list[int], asked: dict[str, Any], on_chunk: Callable[[Chunk], bool]) -> None:
        """Read the prompt and write; each chunk tells how far reading is, or brings text. ``on_chunk`` returning True ends it."""
        body = {"prompt": tokens, "id_slot": SLOT, "cache_prompt": True, "stream": True, "return_progress": True, **asked}
        self._server.handle_completions(body, on_chunk)

    def embed(self, text: str) -> Any:
        """The vector of a text, not yet of unit length."""
        answer = self._server.handle_embeddings({"input": text})
        check_answer(answer)
        return answer["data"][0]["embedding"]

    def tokenize(self, text: str, *, is_special: bool, is_begun: bool) -> list[int]:
        """Tokens of a text. Raises Unavailable where the server does not answer."""
        body = {"content": text, "add_special": is_begun, "parse_special": is_special}
        return [int(token) for token in self._post("/tokenize", body)["tokens"]]

    def pieces(self, text: str) -> list[tuple[int, str]]:
        """Tokens of a text with signs of the template as what they are, each with its words; empty for what is no text."""
        body = {"content": text, "parse_special": True, "with_pieces": True}
        found = self._post("/tokenize", body)["tokens"]
        return [(int(token["id"]), token["piece"] if isinstance(token["piece"], str) else "") for token in found]

    def render(self, messages: list[dict[str, Any]]) -> str:
        """The messages in the model's template. Raises TemplateFailed where it does not take them."""
        try:
            return str(self._post("/apply-template", {"messages": messages})["prompt"])
        except InvalidInput as error:
            raise TemplateFailed(error.message) from error

    def keep_state(self, path: Path) -> int:
        """Write the state of the slot into its folder; of how many tokens it is."""
        return int(self._post(f"/slots/{SLOT}?action=save", {"filename": path.name})["n_saved"])

    def load_state(self, path: Path) -> int:
        """Bring a state back; of how many tokens it is."""
        return int(self._post(f"/slots/{SLOT}?action=restore", {"filename": path.name})["n_restored"])

    def close(self) -> None:
        """End the server, which frees the model."""
        self._http.close()
        self._server = None

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._http.post(path, json=body).json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"{NAME} does not answer: {error}.", hint="Load the model again.", code="engine.decode") from error
        if not isinstance(answer, dict):
            raise Unavailable(f"{NAME} gave {str(answer)[:100]!r}.", hint="Load the model again.", code="engine.decode")
        check_answer(answer)
        return answer


def check_answer(answer: Chunk) -> None:
    """Raises what an answer says went wrong: InvalidInput for what was asked, else Unavailable."""
    error = answer.get("error")
    if error is None:
        return
    words = str(error.get("message", error))[:300] if isinstance(error, dict) else str(error)[:300]
    if "grammar" in words and DEAD_END not in words:
        raise InvalidInput(f"The grammar cannot be read: {words}.", hint="A grammar begins at root.", code="grammar.unreadable")
    if DEAD_END in words:
        raise Unavailable(
            "The grammar allows nothing that this model can write next.",
            hint="Its vocabulary may lack a character; choose another model.",
            code="grammar.dead_end",
        )
    if isinstance(error, dict) and error.get("type") in {"invalid_request_error", "exceed_context_size_error"}:
        raise InvalidInput(f"{NAME} refused: {words}.", code="engine.refused")
    raise Unavailable(f"{NAME} failed: {words}.", hint="Load the model again.", code="engine.decode")
