"""Versions of templates in the words ledger: their texts, which one is in use, and what each showed when it was compared."""

from dataclasses import dataclass
from typing import Any, Final

from backend.assistant.templates.template import NAMES, SHIPPED, Template, Version, shipped
from backend.errors import Conflict, InvalidInput, NotFound
from backend.storage.ledger import Ledger

VERSIONS_MAX: Final = 50
_TEXTS: Final = "SELECT number, text, made_ns FROM prompt_versions WHERE template = ? ORDER BY number"
_USE: Final = "INSERT OR REPLACE INTO prompt_uses (template, number) VALUES (?, ?)"
_TRIALS: Final = """
    SELECT template, number, model, n_passed, n_asked, first_token_ms, at_ns FROM prompt_trials
    WHERE template = ? ORDER BY at_ns DESC, number
"""
_PUT_TRIAL: Final = """
    INSERT OR REPLACE INTO prompt_trials (template, number, model, n_passed, n_asked, first_token_ms, at_ns)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a version showed with a model, on the prompts of its template: how many it passed, and the median first token."""

    template: str
    number: int
    model: str
    n_passed: int
    n_asked: int
    first_token_ms: float
    at_ns: int


class TemplateStore:
    """Every method is one transaction; what is removed is overwritten in the file."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def load(self) -> tuple[Template, ...]:
        """Every template with its versions; one whose version in use is gone falls back to the shipped one."""
        return await self._ledger.read(lambda db: tuple(_read(db, name) for name in NAMES))

    async def add(self, name: str, text: str, made_ns: int) -> Version:
        """Keep another version. Raises InvalidInput where there are too many."""

        def work(db: Any) -> Version:
            n_kept, last = db.execute(
                "SELECT count(*), coalesce(max(number), 0) FROM prompt_versions WHERE template = ?", (name,)
            ).fetchone()
            if n_kept >= VERSIONS_MAX:
                raise InvalidInput(f"There are {VERSIONS_MAX} versions.", hint="Delete some first.", code="template.full")
            made = Version(name, last + 1, text, made_ns)
            _write(db, made)
            return made

        return await self._ledger.write(work)

    async def use(self, name: str, number: int) -> int:
        """Use a version from now on; which one was. Raises NotFound."""

        def work(db: Any) -> int:
            template = _read(db, name)
            if number not in {one.number for one in template.versions}:
                raise _unknown(name, number)
            db.execute(_USE, (name, number))
            return template.used

        return await self._ledger.write(work)

    async def remove(self, name: str, number: int) -> Version:
        """Forget a version that is not in use, with what it showed; as it was. Raises NotFound, InvalidInput."""

        def work(db: Any) -> Version:
            template = _read(db, name)
            found = next((one for one in template.versions if one.number == number), None)
            if found is None:
                raise _unknown(name, number)
            if number in (SHIPPED, template.used):
                words = "The shipped version stays." if number == SHIPPED else "This version is in use."
                raise InvalidInput(words, hint="Choose another one first.", code="template.in_use")
            db.execute("PRAGMA secure_delete = ON").fetchall()
            for statement in (
                "DELETE FROM prompt_versions WHERE template = ? AND number = ?",
                "DELETE FROM prompt_trials WHERE template = ? AND number = ?",
            ):
                db.execute(statement, (name, number))
            return found

        return await self._ledger.write(work)

    async def restore(self, version: Version) -> None:
        """Undo ``remove``. Raises Conflict where another version has its number by now."""

        def work(db: Any) -> None:
            place = (version.template, version.number)
            if db.execute("SELECT 1 FROM prompt_versions WHERE template = ? AND number = ?", place).fetchone():
                raise Conflict("There is such a version already.", code="template.known")
            _write(db, version)

        await self._ledger.write(work)

    async def keep_trial(self, trial: Trial) -> None:
        """Keep what a version showed, in place of what it showed with that model before."""
        shown = (trial.n_passed, trial.n_asked, trial.first_token_ms, trial.at_ns)
        row = (trial.template, trial.number, trial.model, *shown)
        await self._ledger.write(lambda db: db.execute(_PUT_TRIAL, row).rowcount)

    async def trials(self, name: str) -> tuple[Trial, ...]:
        """What versions of a template showed, newest first."""
        rows = await self._ledger.read(lambda db: db.execute(_TRIALS, (name,)).fetchall())
        return tuple(Trial(*row) for row in rows)


def _read(db: Any, name: str) -> Template:
    own = tuple(Version(name, *row) for row in db.execute(_TEXTS, (name,)).fetchall())
    row = db.execute("SELECT number FROM prompt_uses WHERE template = ?", (name,)).fetchone()
    versions = (shipped(name), *own)
    used = row[0] if row is not None and any(one.number == row[0] for one in versions) else SHIPPED
    return Template(name, versions, used)


def _write(db: Any, version: Version) -> None:
    row = (version.template, version.number, version.text, version.made_ns)
    db.execute("INSERT INTO prompt_versions (template, number, text, made_ns) VALUES (?, ?, ?, ?)", row)


def _unknown(name: str, number: int) -> NotFound:
    return NotFound(f"There is no version {number} of {name}.", hint="Choose another one.", code="template.no_version")
