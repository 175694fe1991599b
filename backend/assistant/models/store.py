"""Models in the words ledger: what each is, what it showed on this machine, and for which modes it is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from backend.assistant.answers import Mode
from backend.assistant.models.model import Adapter, Examined, ModelCard, Projector, Standing
from backend.errors import NotFound
from backend.storage.ledger import Ledger

ADAPTERS: Final = "adapters"  # the folder of adapters, inside that of models
PROJECTORS: Final = "projectors"  # and that of projectors
_COLUMNS: Final = """
    id, sha256, file, is_ours, modified_ns, name, n_bytes, architecture, n_parameters, quantisation, n_ctx_train, n_layers, n_vocab,
    has_template, is_embedding, licence, origin, standing, words, added_ns, removed_ns
"""
_ALL: Final = f"SELECT {_COLUMNS} FROM models"  # noqa: S608 - our own words
_PUT: Final = f"""
    INSERT INTO models ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
    ON CONFLICT (id) DO UPDATE SET file = excluded.file, is_ours = excluded.is_ours, modified_ns = excluded.modified_ns,
        name = excluded.name, n_bytes = excluded.n_bytes, architecture = excluded.architecture,
        n_parameters = excluded.n_parameters, quantisation = excluded.quantisation, n_ctx_train = excluded.n_ctx_train,
        n_layers = excluded.n_layers, n_vocab = excluded.n_vocab, has_template = excluded.has_template,
        is_embedding = excluded.is_embedding, licence = excluded.licence, origin = excluded.origin,
        standing = excluded.standing, words = excluded.words, added_ns = excluded.added_ns, removed_ns = 0
"""  # noqa: S608 - same
_CHOSEN: Final = f"{_ALL} WHERE removed_ns = 0 AND id = (SELECT model FROM model_choices WHERE mode = ?)"  # noqa: S608 - same
_EXAMINED: Final = """
    SELECT mode, is_fit, words, first_token_ms, tokens_per_s, obedience, at_ns FROM model_examinations
    WHERE model = ? AND machine = ?
"""
_PUT_EXAMINED: Final = """
    INSERT OR REPLACE INTO model_examinations
        (model, mode, machine, is_fit, words, first_token_ms, tokens_per_s, obedience, at_ns)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADAPTERS: Final = "SELECT mode, name, sha256, n_bytes, rank, added_ns FROM model_adapters WHERE model = ?"
_PUT_ADAPTER: Final = """
    INSERT OR REPLACE INTO model_adapters (model, mode, name, sha256, n_bytes, rank, added_ns) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_PROJECTOR: Final = "SELECT name, sha256, n_bytes, style, added_ns FROM model_projectors WHERE model = ?"
_PUT_PROJECTOR: Final = """
    INSERT OR REPLACE INTO model_projectors (model, name, sha256, n_bytes, style, added_ns) VALUES (?, ?, ?, ?, ?, ?)
"""
_CHOOSE: Final = "INSERT INTO model_choices (mode, model) VALUES (?, ?) ON CONFLICT (mode) DO UPDATE SET model = excluded.model"


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model as it is kept: its card, whether its file is ours to delete, and when that was last written.

    removed_ns : 0, or when it was removed; its file goes once that cannot be taken back any more
    """

    card: ModelCard
    is_ours: bool
    modified_ns: int
    removed_ns: int = 0


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A download that was begun and is not done."""

    url: str
    sha256: str
    began_ns: int


class ModelStore:
    """Every method is one transaction. ``folder`` holds our own files, which are kept by name, so that a home can move.

    machine : what was examined on another one is not told, for it says nothing of this one
    """

    def __init__(self, ledger: Ledger, folder: Path, machine: str) -> None:
        self._ledger = ledger
        self._folder = folder
        self._machine = machine

    async def load(self, *, removed: bool = False) -> tuple[KeptModel, ...]:
        """Every model, or every one that was removed, by name."""

        def work(db: Any) -> tuple[KeptModel, ...]:
            rows = db.execute(f"{_ALL} WHERE (removed_ns > 0) = ? ORDER BY name COLLATE NOCASE, id", (int(removed),)).fetchall()
            return tuple(self._read(db, row) for row in rows)

        return await self._ledger.read(work)

    async def find(self, model_id: str) -> KeptModel | None:
        """One model, removed or not; None where it was never there."""
        return await self._ledger.read(lambda db: self._find(db, model_id))

    async def must_find(self, model_id: str) -> KeptModel:
        """One model that is there. Raises NotFound for one that was removed, too."""
        return await self._ledger.read(lambda db: self._must_find(db, model_id))

    async def put(self, model: KeptModel, *, fresh_for: Mode | None = None) -> ModelCard:
        """Add a model, or bring back and replace the one with this id; what it showed and is chosen for stays.

        fresh_for : choose it for this mode, where no model is chosen for that
        """

        def work(db: Any) -> ModelCard:
            db.execute(_PUT, self._row(model))
            if fresh_for is not None:
                query = "INSERT INTO model_choices (mode, model) VALUES (?, ?) ON CONFLICT (mode) DO NOTHING"
                db.execute(query, (str(fresh_for), model.card.id))
            return self._must_find(db, model.card.id).card

        return await self._ledger.write(work)

    async def stand(self, model_id: str, standing: Standing, words: str, n_vocab: int = 0) -> ModelCard:
        """Record how far it may be trusted. Raises NotFound."""

        def work(db: Any) -> ModelCard:
            query = "UPDATE models SET standing = ?, words = ?, n_vocab = CASE WHEN ? > 0 THEN ? ELSE n_vocab END WHERE id = ?"
            db.execute(query, (str(standing), words, n_vocab, n_vocab, model_id))
            return self._must_find(db, model_id).card

        return await self._ledger.write(work)

    async def touch(self, model_id: str, modified_ns: int) -> None:
        """Record that its file was read and found the same."""
        query = "UPDATE models SET modified_ns = ? WHERE id = ?"
        await self._ledger.write(lambda db: db.execute(query, (modified_ns, model_id)).rowcount)

    async def put_examined(self, model_id: str, examined: Examined) -> ModelCard:
        """Record what it showed for a mode here, in place of what it showed before. Raises NotFound."""

        def work(db: Any) -> ModelCard:
            self._must_find(db, model_id)
            shown = (examined.first_token_ms, examined.tokens_per_s, examined.obedience, examined.at_ns)
            told = (model_id, str(examined.mode), self._machine, int(examined.is_fit), examined.words)
            db.execute(_PUT_EXAMINED, (*told, *shown))
            db.execute("UPDATE models SET standing = ?, words = '' WHERE id = ?", (str(Standing.READY), model_id))
            return self._must_find(db, model_id).card

        return await self._ledger.write(work)

    async def put_adapter(self, model_id: str, adapter: Adapter) -> ModelCard:
        """Let an adapter go with a model for its mode; what the model showed there without it is forgotten. Raises NotFound."""
        row = (model_id, str(adapter.mode), adapter.name, adapter.sha256, adapter.n_bytes, adapter.rank, adapter.added_ns)

        def work(db: Any) -> ModelCard:
            self._must_find(db, model_id)
            db.execute(_PUT_ADAPTER, row)
            self._forget_examined(db, model_id, adapter.mode)
            return self._must_find(db, model_id).card

        return await self._ledger.write(work)

    async def remove_adapter(self, model_id: str, mode: Mode) -> ModelCard:
        """Let a model go without an adapter for a mode; what it showed with it is forgotten. Raises NotFound."""

        def work(db: Any) -> ModelCard:
            self._must_find(db, model_id)
            db.execute("DELETE FROM model_adapters WHERE model = ? AND mode = ?", (model_id, str(mode)))
            self._forget_examined(db, model_id, mode)
            return self._must_find(db, model_id).card

        return await self._ledger.write(work)

    async def adapter_hashes(self) -> frozenset[str]:
        """The hashes of all adapters that go with a model, removed ones too."""
        rows = await self._ledger.read(lambda db: db.execute("SELECT sha256 FROM model_adapters").fetchall())
        return frozenset(sha256 for (sha256,) in rows)

    async def put_projector(self, model_id: str, projector: Projector) -> ModelCard:
        """Let a model see with this projector. Raises NotFound."""
        row = (model_id, projector.name, projector.sha256, projector.n_bytes, projector.style, projector.added_ns)
        return await self._change(model_id, _PUT_PROJECTOR, row)

    async def remove_projector(self, model_id: str) -> ModelCard:
        """Let a model see no more. Raises NotFound."""
        return await self._change(model_id, "DELETE FROM model_projectors WHERE model = ?", (model_id,))

    async def projector_hashes(self) -> frozenset[str]:
        """The hashes of all projectors that go with a model, removed ones too."""
        rows = await self._ledger.read(lambda db: db.execute("SELECT sha256 FROM model_projectors").fetchall())
        return frozenset(sha256 for (sha256,) in rows)

    async def choose(self, mode: Mode, model_id: str | None) -> None:
        """Choose a model for a mode, or none. Raises NotFound."""

        def work(db: Any) -> None:
            if model_id is None:
                db.execute("DELETE FROM model_choices WHERE mode = ?", (str(mode),))
            else:
                self._must_find(db, model_id)
                db.execute(_CHOOSE, (str(mode), model_id))

        await self._ledger.write(work)

    async def chosen(self, mode: Mode) -> KeptModel | None:
        """The model chosen for a mode."""

        def work(db: Any) -> KeptModel | None:
            row = db.execute(_CHOSEN, (str(mode),)).fetchone()
            return None if row is None else self._read(db, row)

        return await self._ledger.read(work)

    async def remove(self, model_id: str, now_ns: int) -> ModelCard:
        """Mark it as removed and choose it for nothing; as it was before. Raises NotFound."""

        def work(db: Any) -> ModelCard:
            before = self._must_find(db, model_id).card
            db.execute("UPDATE models SET removed_ns = ? WHERE id = ?", (now_ns, model_id))
            db.execute("DELETE FROM model_choices WHERE model = ?", (model_id,))
            return before

        return await self._ledger.write(work)

    async def restore(self, card: ModelCard) -> ModelCard:
        """Bring a removed model back, chosen for what it was where nothing else is by now. Raises NotFound."""

        def work(db: Any) -> ModelCard:
            if db.execute("UPDATE models SET removed_ns = 0 WHERE id = ?", (card.id,)).rowcount == 0:
                raise _unknown(card.id)
            query = "INSERT INTO model_choices (mode, model) VALUES (?, ?) ON CONFLICT (mode) DO NOTHING"
            db.executemany(query, [(str(mode), card.id) for mode in card.modes])
            return self._must_find(db, card.id).card

        return await self._ledger.write(work)

    async def forget(self, ids: Iterable[str]) -> None:
        """Delete rows of removed models whose files are gone."""
        gone = [(model_id,) for model_id in ids]
        await self._ledger.write(lambda db: db.executemany("DELETE FROM models WHERE id = ? AND removed_ns > 0", gone).rowcount)

    # --- downloads ----------------------------------------------------------------------------------------------------

    async def begin_download(self, download: Unfinished) -> None:
        """Remember a download, so that it can go on after a restart; its address may hold a key and is kept nowhere else."""
        query = "INSERT OR REPLACE INTO model_downloads (url, sha256, began_ns) VALUES (?, ?, ?)"
        await self._ledger.write(lambda db: db.execute(query, (download.url, download.sha256, download.began_ns)).rowcount)

    async def end_download(self, url: str) -> None:
        """Forget a download."""
        await self._ledger.write(lambda db: db.execute("DELETE FROM model_downloads WHERE url = ?", (url,)).rowcount)

    async def downloads(self) -> tuple[Unfinished, ...]:
        """Those that are not done, oldest first."""
        query = "SELECT url, sha256, began_ns FROM model_downloads ORDER BY began_ns, url"
        rows = await self._ledger.read(lambda db: db.execute(query).fetchall())
        return tuple(Unfinished(*row) for row in rows)

    # --- rows ---------------------------------------------------------------------------------------------------------

    async def _change(self, model_id: str, statement: str, values: tuple[Any, ...]) -> ModelCard:
        """Change what goes with a model that is there. Raises NotFound."""

        def work(db: Any) -> ModelCard:
            self._must_find(db, model_id)
            db.execute(statement, values)
            return self._must_find(db, model_id).card

        return await self._ledger.write(work)

    def _find(self, db: Any, model_id: str) -> KeptModel | None:
        row = db.execute(f"{_ALL} WHERE id = ?", (model_id,)).fetchone()
        return None if row is None else self._read(db, row)

    def _must_find(self, db: Any, model_id: str) -> KeptModel:
        found = self._find(db, model_id)
        if found is None or found.removed_ns:
            raise _unknown(model_id)
        return found

    @staticmethod
    def _forget_examined(db: Any, model_id: str, mode: Mode) -> None:
        db.execute("DELETE FROM model_examinations WHERE model = ? AND mode = ?", (model_id, str(mode)))

    def _adapters(self, db: Any, model_id: str) -> tuple[Adapter, ...]:
        rows = db.execute(_ADAPTERS, (model_id,)).fetchall()
        folder = self._folder / ADAPTERS
        found = [Adapter(Mode(mode), name, str(folder / f"{sha}.gguf"), sha, *rest) for mode, name, sha, *rest in rows]
        return tuple(sorted(found, key=lambda one: list(Mode).index(one.mode)))

    def _projector(self, db: Any, model_id: str) -> Projector | None:
        row = db.execute(_PROJECTOR, (model_id,)).fetchone()
        if row is None:
            return None
        name, sha256, *rest = row
        return Projector(name, str(self._folder / PROJECTORS / f"{sha256}.gguf"), sha256, *rest)

    def _row(self, model: KeptModel) -> tuple[Any, ...]:
        card = model.card
        file = Path(card.path).name if model.is_ours else card.path
        said = (card.architecture, card.n_parameters, card.quantisation, card.n_ctx_train, card.n_layers, card.n_vocab)
        rest = (int(card.has_template), int(card.is_embedding), card.licence, card.origin, str(card.standing), card.words)
        kept = (card.id, card.sha256, file, int(model.is_ours), model.modified_ns, card.name, card.n_bytes)
        return (*kept, *said, *rest, card.added_ns)

    def _read(self, db: Any, row: tuple[Any, ...]) -> KeptModel:
        model_id, sha256, file, is_ours, modified_ns, name, n_bytes, *said, licence, origin, standing, words, added_ns, gone_ns = (
            row
        )
        architecture, n_parameters, quantisation, n_ctx, n_layers, n_vocab, has_template, is_embedding = said
        examined = tuple(
            Examined(Mode(mode), bool(is_fit), *shown)
            for mode, is_fit, *shown in db.execute(_EXAMINED, (model_id, self._machine)).fetchall()
        )
        chosen = {mode for (mode,) in db.execute("SELECT mode FROM model_choices WHERE model = ?", (model_id,)).fetchall()}
        card = ModelCard(
            id=model_id,
            name=name,
            path=str(self._folder / file) if is_ours else file,
            sha256=sha256,
            n_bytes=n_bytes,
            architecture=architecture,
            n_parameters=n_parameters,
            quantisation=quantisation,
            n_ctx_train=n_ctx,
            n_layers=n_layers,
            n_vocab=n_vocab,
            has_template=bool(has_template),
            is_embedding=bool(is_embedding),
            licence=licence,
            origin=origin,
            standing=_standing(Standing(standing), examined),
            words=words,
            added_ns=added_ns,
            examined=tuple(sorted(examined, key=lambda one: list(Mode).index(one.mode))),
            modes=tuple(mode for mode in Mode if mode in chosen),
            adapters=self._adapters(db, model_id),
            projector=self._projector(db, model_id),
        )
        return KeptModel(card, bool(is_ours), modified_ns, gone_ns)


def missing(model: KeptModel) -> ModelCard:
    """The card of a model whose file is not there, or not whole."""
    where = "in the folder of models" if model.is_ours else f"at {model.card.path}"
    return replace(model.card, standing=Standing.REFUSED, words=f"Its file is no longer {where}. Add it again, or remove it.")


def _standing(standing: Standing, examined: tuple[Examined, ...]) -> Standing:
    """One that was examined on another machine alone has not been tried on this one."""
    if standing is Standing.READY and not examined:
        return Standing.UNTRIED
    return Standing.READY if standing is Standing.TRIED and examined else standing


def _unknown(model_id: str) -> NotFound:
    return NotFound(f"There is no model {model_id[:64]!r}.", hint="List them with: trii models list", code="model.unknown")
