"""Secrets that a person gives to a command: asked for or read from a file, never taken from the command line."""

from pathlib import Path
from typing import Final

from backend.commands.home_context import HomeContext
from backend.errors import InvalidInput, Unavailable
from backend.storage.durable import explain_os_error

SECRET_BYTES_MAX: Final = 4096
STANDARD_INPUT: Final = "-"
PHRASE_LENGTH: Final = 24


async def read_phrase(context: HomeContext, file: str | None) -> str:
    """The recovery phrase, from ``file`` or asked for. Raises Unavailable where nobody can be asked."""
    if file is not None:
        return await read_secret_file(context, file)
    phrase = await context.terminal.ask(f"Recovery phrase ({PHRASE_LENGTH} words): ")
    return _given(phrase, "the recovery phrase", "Give it with --phrase-file FILE, or - for standard input.")


async def read_new_passphrase(context: HomeContext, file: str | None) -> str:
    """A new passphrase, from ``file`` or asked for twice. Raises InvalidInput when the two differ, Unavailable."""
    if file is not None:
        return await read_secret_file(context, file)
    hint = "Give it with --passphrase-file FILE, or - for standard input."
    first = _given(await context.terminal.ask("New passphrase: "), "the new passphrase", hint)
    again = await context.terminal.ask("The same again: ")
    if first != again:
        raise InvalidInput("The two passphrases differ; nothing was changed.", hint="Try again.", code="passphrase.differs")
    return first


async def read_secret_file(context: HomeContext, file: str) -> str:
    """The text in ``file``, relative to the caller's folder, or on standard input for ``-``; without its last line end."""
    if file == STANDARD_INPUT:
        content = await context.terminal.read_input()
    else:
        path = context.path(Path(file))
        try:
            with path.open("rb") as opened:
                content = opened.read(SECRET_BYTES_MAX + 1)
        except OSError as e:
            raise explain_os_error(e, "read the secret", path) from e
    if len(content) > SECRET_BYTES_MAX:
        raise InvalidInput(
            f"A secret of more than {SECRET_BYTES_MAX:,} bytes is none of ours.", hint="Check the file.", code="secret.long"
        )
    try:
        return content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as e:
        raise InvalidInput("The secret is not UTF-8 text.", hint="Check the file.", code="secret.encoding") from e


def _given(answer: str | None, what: str, hint: str) -> str:
    if not answer:
        raise Unavailable(f"Nobody gave {what}.", hint=hint, code="secret.missing")
    return answer
