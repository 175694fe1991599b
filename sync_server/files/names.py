"""Names of files as people gave them, made fit to be shown and saved. The server itself never uses them as a path. Pure."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final

MAX_NAME: Final = 150
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_UNFIT: Final = re.compile(r'[<>:"|?*]')
# The first is what a name gets that says something else than the content is.
SUFFIXES: Final[dict[str, tuple[str, ...]]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "application/zip": (".zip",),
    "application/gzip": (".gz", ".tgz"),
    "application/vnd.apache.parquet": (".parquet",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "text/plain": (".txt", ".log", ".md", ".csv", ".tsv", ".json", ".toml", ".yaml", ".yml", ".ini"),
    "text/csv": (".csv", ".tsv", ".txt"),
    "text/markdown": (".md", ".txt"),
    "application/json": (".json", ".txt"),
}


def fit_name(name: str, mime: str) -> str:
    """A name that is safe to show and to save, with an ending that says what the content is."""
    shown = clean_name(name)
    allowed = SUFFIXES.get(mime, ())
    suffix = PurePosixPath(shown).suffix
    if suffix.lower() in allowed:
        return shown[: -len(suffix)][: MAX_NAME - len(suffix)] + suffix
    end = allowed[0] if allowed else ".bin"
    return shown[: MAX_NAME - len(end)] + end


def clean_name(name: str) -> str:
    """A name without folders, control or direction characters, and nothing that a system reserves; not longer than is shown."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(
        sign for sign in last if unicodedata.category(sign)[0] != "C" and unicodedata.category(sign) not in ("Zl", "Zp")
    )
    shown = _UNFIT.sub("_", shown).strip().lstrip(".").rstrip(". ") or "file"
    if _RESERVED.match(shown):
        shown = f"_{shown}"
    suffix = PurePosixPath(shown).suffix[-20:]
    return shown if len(shown) <= MAX_NAME else shown[: MAX_NAME - len(suffix)] + suffix
