"""Where every file of one installation lies, under one home folder."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

HOME_VARIABLE = "TRII_HOME"


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds every file of one installation; nothing is written outside it."""

    root: Path

    @property
    def settings(self) -> Path:
        """Settings of this installation, TOML."""
        return self.root / "settings.toml"

    @property
    def ledgers(self) -> Path:
        """Encrypted ledgers: money.db and words.db."""
        return self.root / "ledger"

    @property
    def vault(self) -> Path:
        """The wrapped ledger key, where the system offers no keyring."""
        return self.root / "vault.json"

    @property
    def device_key(self) -> Path:
        """The ledger key in the open, where neither a keyring nor a passphrase protects it."""
        return self.root / "device.key"

    @property
    def key_record(self) -> Path:
        """Which custody keeps the ledger key, and how to recognise the right key; holds no secret."""
        return self.root / "key.json"

    @property
    def market(self) -> Path:
        """Public market data: segments, the append log and stages."""
        return self.root / "market"

    @property
    def blobs(self) -> Path:
        """Content-addressed private files, encrypted."""
        return self.root / "blobs"

    @property
    def cache(self) -> Path:
        """What can be computed again: session tables, compiled kernels."""
        return self.root / "cache"

    @property
    def logs(self) -> Path:
        """Rotating structured logs."""
        return self.root / "logs"

    @property
    def crashes(self) -> Path:
        """Crash reports, one file each."""
        return self.root / "crashes"

    @property
    def quarantine(self) -> Path:
        """Corrupt files, set aside and kept."""
        return self.root / "quarantine"

    @property
    def backups(self) -> Path:
        """Backups made before migrations and, by default, on request."""
        return self.root / "backups"

    @property
    def imports(self) -> Path:
        """Lists of the rows that imports did not simply take, one file an import."""
        return self.root / "imports"

    @property
    def models(self) -> Path:
        """Models of the assistant: files as they came, each under its hash; public, and large."""
        return self.root / "models"

    @property
    def run(self) -> Path:
        """Lock and address of the process that owns this home."""
        return self.root / "run"

    def make(self) -> None:
        """Create the folders, readable by this user only."""
        for folder in (
            self.root,
            self.ledgers,
            self.market,
            self.blobs,
            self.cache,
            self.logs,
            self.crashes,
            self.quarantine,
            self.backups,
            self.imports,
            self.models,
            self.run,
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def find_home(option: Path | None = None) -> Home:
    """The home named by ``--home``, else by TRII_HOME, else the platform's folder for user data."""
    chosen = option or os.environ.get(HOME_VARIABLE) or platformdirs.user_data_path("trii", appauthor=False)
    return Home(Path(chosen).expanduser().resolve())
