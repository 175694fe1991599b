"""`trii recovery`: the phrase that brings everything back, the key restored from it, and a passphrase for the key."""

import argparse
import asyncio

from backend.commands.context import CommandContext
from backend.commands.home_context import HomeContext
from backend.commands.phrases import read_new_passphrase, read_phrase
from backend.errors import Conflict, NotFound
from backend.storage.key_record import load_record
from backend.storage.secrets import MasterKey, OpenedKey, open_key, restore_key, set_passphrase

_WORDS_A_LINE = 4


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """On open stores, whose key is at hand."""
    key = context.backend.key.key
    if arguments.action == "show":
        return await _show(context, key)
    if arguments.action == "passphrase":
        return await _set_passphrase(context, arguments, key)
    raise Conflict(
        "The home is open, so its key is not lost.", hint="Close TRII first if you mean another key.", code="recovery.open"
    )


async def run_closed(context: HomeContext, arguments: argparse.Namespace) -> int:
    """On a closed home."""
    if arguments.action == "restore":
        phrase = await read_phrase(context, arguments.phrase_file)
        return await _tell_custody(context, await asyncio.to_thread(restore_key, context.home, phrase), "restored")
    key = await _open_key(context)
    if arguments.action == "show":
        return await _show(context, key)
    return await _set_passphrase(context, arguments, key)


async def _open_key(context: HomeContext) -> MasterKey:
    if load_record(context.home) is None and not (context.home.ledgers / "money.db").exists():
        raise NotFound(
            f"{context.home.root} holds nothing yet, so it has no recovery phrase.",
            hint="Open the window or import something first.",
            code="recovery.no_key",
        )
    loop = asyncio.get_running_loop()

    def ask(question: str) -> str | None:
        return asyncio.run_coroutine_threadsafe(context.terminal.ask(f"{question}: "), loop).result()

    opened = await asyncio.to_thread(open_key, context.home, ask=ask)
    return opened.key


async def _show(context: HomeContext, key: MasterKey) -> int:
    if context.as_json:
        await context.put_json({"phrase": key.phrase})
        return 0
    words = key.phrase.split()
    width = max(map(len, words))
    numbered = [f"{i:2}. {word:<{width}}" for i, word in enumerate(words, 1)]
    for start in range(0, len(numbered), _WORDS_A_LINE):
        await context.say("  ".join(numbered[start : start + _WORDS_A_LINE]).rstrip())
    await context.tell("Write these words on paper, in this order. Whoever has them can read your ledgers and backups.")
    return 0


async def _set_passphrase(context: HomeContext, arguments: argparse.Namespace, key: MasterKey) -> int:
    passphrase = await read_new_passphrase(context, arguments.passphrase_file)
    return await _tell_custody(context, await asyncio.to_thread(set_passphrase, context.home, key, passphrase), "moved")


async def _tell_custody(context: HomeContext, opened: OpenedKey, done: str) -> int:
    for notice in opened.notices:
        await context.tell(f"warning: {notice}")
    if context.as_json:
        await context.put_json({done: True, "custody": opened.custody.value})
    else:
        await context.say(f"The key is {done}; its keeper is the {opened.custody.value}.")
    return 0
