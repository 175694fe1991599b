"""A conversation store over a real words ledger in a test's home, with answers that are plain JSON."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from backend.assistant.answers import Answer, Mode, Phase, Provenance, Question
from backend.assistant.conversations.conversation import Speaker, Turn
from backend.assistant.conversations.exporting import Telling
from backend.assistant.conversations.store import ConversationStore
from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.clock import Clock
from backend.errors import CorruptData
from backend.storage.ledger import Ledger, open_ledger
from backend.storage.paths import Home
from backend.storage.words import MIGRATIONS

KEY = bytes(range(32))
PAGE, RESERVED, IV = 4096, 80, 16


def an_answer(content: bytes) -> Answer:
    """The answer that a test kept: its first fact's value, as JSON."""
    try:
        value = msgspec.json.decode(content, type=float)
    except msgspec.MsgspecError as e:
        raise CorruptData("The answer cannot be read.") from e
    fact = Fact(
        id="F1",
        name="close",
        label="Close | last",
        value=value,
        unit=Unit.PRICE,
        as_of_ns=0,
        source="import",
        formula="close[n]",
        inputs=("1 bar",),
    )
    question = Question("", Mode.FAST)
    return Answer("a", "c", question, Phase.DONE, facts=FactSet([fact]), provenance=Provenance(Mode.FAST, model="Starter"))


TELLING = Telling(an_answer, lambda fact: f"{fact.number:.2f}")


@asynccontextmanager
async def open_words(home: Home) -> AsyncIterator[Ledger]:
    """The words ledger of a home."""
    path = home.ledgers / "words.db"
    async with open_ledger(path, KEY, MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger:
        yield ledger


@asynccontextmanager
async def open_conversations(home: Home, clock: Clock, heard: list | None = None) -> AsyncIterator[ConversationStore]:
    """A store; its events are added to ``heard``."""
    async with open_words(home) as ledger:
        yield ConversationStore(ledger, [].append if heard is None else heard.append, clock, TELLING)


def said(conversation: str, text: str, parent: str = "", *, speaker: Speaker = Speaker.PERSON, content: bytes = b"") -> Turn:
    """A turn that is not stored yet."""
    return Turn("", conversation, parent, speaker, 0, text, content)


def decrypted(path) -> bytes:
    """All pages of a ledger's file, the free ones too."""
    raw = path.read_bytes()
    pages = []
    for start in range(0, len(raw), PAGE):
        page = raw[start : start + PAGE]
        skipped = 16 if start == 0 else 0
        iv = page[PAGE - RESERVED : PAGE - RESERVED + IV]
        decryptor = Cipher(algorithms.AES(KEY), modes.CBC(iv)).decryptor()
        pages.append(decryptor.update(page[skipped : PAGE - RESERVED]) + decryptor.finalize())
    return b"".join(pages)


async def chain(store, conversation, texts):
    """Turns one behind the other, the speakers in turn; their ids."""
    ids = [""]
    for place, text in enumerate(texts):
        speaker = (Speaker.PERSON, Speaker.ASSISTANT)[place % 2]
        ids.append((await store.add_turn(said(conversation, text, ids[-1], speaker=speaker))).id)
    return ids[1:]


def index_terms(db):
    """Every word that the index knows."""
    db.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, turn_words, row)")
    found = {term for (term,) in db.execute("SELECT term FROM temp.terms").fetchall()}
    db.execute("DROP TABLE temp.terms")
    return found
