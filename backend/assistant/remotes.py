"""Endpoints and services as the settings name them: set up or not, down or not, within the budget or not."""

import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, cast

from backend.assistant.engines.engine import Done, Request, WriterPiece
from backend.assistant.engines.remote.endpoint import Address, Endpoint, check_address
from backend.assistant.engines.remote.talk import AnthropicTalk, OpenAiTalk, OwnTalk, Talk
from backend.assistant.engines.repeating import stop_repeating
from backend.assistant.routing import Candidate
from backend.assistant.spending import Spending, cost_usd
from backend.errors import InvalidInput, Unavailable
from backend.settings_assistant import Assistant as AssistantSettings
from backend.storage.credentials import Credentials, Secret

OWN_CTX: Final = 8_192
SERVICE_CTX: Final = 128_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A service that can be set up. ``place`` is where its key is kept."""

    name: str
    title: str
    talk: Talk
    place: str
    n_ctx: int
    url: str = ""
    variable: str = ""  # of the environment, read where no key is kept


OWN: Final = Kind("endpoint", "Own endpoint", OwnTalk(), "service/endpoint", OWN_CTX)
OPENAI: Final = Kind("openai", "OpenAI", OpenAiTalk(), "service/openai", SERVICE_CTX, "https://api.openai.com/v1", "OPENAI_API_KEY")
ANTHROPIC: Final = Kind(
    "anthropic", "Anthropic", AnthropicTalk(), "service/anthropic", SERVICE_CTX, "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"
)
KINDS: Final = (OWN, OPENAI, ANTHROPIC)


@dataclass(frozen=True, slots=True)
class ServiceState:
    """How a service stands, for who sets it up. ``host`` is empty for an endpoint without an address."""

    name: str
    title: str
    model: str
    host: str
    has_key: bool
    needs_key: bool


class RemoteWriter:
    """One of them, following the settings; a service without a key, and an endpoint without an address, is not set up."""

    def __init__(self, kind: Kind, settings: Callable[[], AssistantSettings], credentials: Credentials, spending: Spending) -> None:
        self.kind = kind
        self._settings = settings
        self._credentials = credentials
        self._spending = spending
        self._secret: Secret | None = None
        self._service: Endpoint | None = None

    @property
    def n_ctx(self) -> int:
        """Tokens that it reads at once."""
        return self.kind.n_ctx

    async def begin(self) -> None:
        """Have its key at hand, also one that is kept later."""
        self._secret = await self._credentials.reader(self.kind.place)

    def state(self) -> ServiceState:
        """How it stands; the key itself is told to nobody."""
        address = self._address()
        return ServiceState(
            self.kind.name, self.kind.title, self._model(), address.host if address else "", bool(self._key()), self.kind is not OWN
        )

    async def keep_key(self, key: str) -> None:
        """Keep its key, in the keyring or the encrypted ledger. Raises InvalidInput for one that cannot be, Unavailable."""
        await self._credentials.put(self.kind.place, "key", key.strip())

    async def forget_key(self) -> None:
        """Forget its key."""
        await self._credentials.remove(self.kind.place, "key")

    def candidate(self) -> Candidate | None:
        """How it stands; None while it is not set up."""
        model, address = self._model(), self._address()
        if not model or address is None:
            return None
        is_own = self.kind is OWN
        if not is_own and not self._key():
            return None
        service = self._at(address)
        is_affordable = is_own or self._spending.is_within(self._settings().budget_usd)
        return Candidate(
            self.kind.name,
            model,
            is_remote=True,
            is_private=is_own and address.is_private,
            is_fit=True,
            n_ctx=self.kind.n_ctx,
            is_down=service.breaker.is_open,
            is_affordable=is_affordable,
        )

    async def generate(self, request: Request) -> AsyncIterator[WriterPiece]:
        """Text and thoughts, then one Done, which is counted. Raises Unavailable."""
        address = self._address()
        if address is None:
            raise Unavailable(f"{self.kind.title} is not set up.", hint="See Settings, Assistant.", code="assistant.service_off")
        model = self._model()
        pieces = stop_repeating(self._at(address).generate(model, request), request, address.host)
        async with contextlib.aclosing(cast("AsyncGenerator[WriterPiece, None]", pieces)):
            async for piece in pieces:
                if isinstance(piece, Done) and self.kind is not OWN:
                    await self._spending.note(self.kind.name, model, piece)
                yield piece

    def cost_usd(self, n_prompt: int, n_generated: int) -> float:
        """What such a call costs; nothing at an endpoint of one's own."""
        return 0.0 if self.kind is OWN else cost_usd(self._model(), n_prompt, n_generated)

    def _model(self) -> str:
        settings = self._settings()
        models = {"endpoint": settings.endpoint_model, "openai": settings.openai_model, "anthropic": settings.anthropic_model}
        return models[self.kind.name].strip()

    def _address(self) -> Address | None:
        url = self.kind.url or self._settings().endpoint
        if not url:
            return None
        try:
            return check_address(url)
        except InvalidInput:
            return None  # the settings page says so

    def _at(self, address: Address) -> Endpoint:
        if self._service is None or self._service.address != address:
            self._service = Endpoint(self.kind.name, address, self.kind.talk, self._key)
        return self._service

    def _key(self) -> str | None:
        kept = self._secret("key") if self._secret is not None else None
        return kept or (os.environ.get(self.kind.variable) if self.kind.variable else None)
