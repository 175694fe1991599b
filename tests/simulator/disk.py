"""Memory that behaves as a disk: what was synced survives a crash, of the rest a part does, and its last record may be torn."""

import zlib
from collections.abc import Iterable
from random import Random

HEAD_BYTES = 8  # length and CRC-32 of the record that follows


class DiskFullError(Exception):
    """Nothing more fits; what was there is as it was."""


class Disk:
    """An append-only file of checked records, as a write-ahead log is: one record is one transaction."""

    def __init__(self, content: bytes = b"") -> None:
        self._bytes = bytearray(content)
        self._n_synced = len(content)
        self.is_full = False

    def append(self, record: bytes) -> None:
        """Write a record behind the others; only :meth:`sync` makes it last. Raises DiskFullError."""
        if self.is_full:
            raise DiskFullError
        self._bytes += len(record).to_bytes(4) + zlib.crc32(record).to_bytes(4) + record

    def sync(self) -> None:
        """What was written so far survives whatever comes."""
        self._n_synced = len(self._bytes)

    def replace(self, records: Iterable[bytes]) -> None:
        """Write these instead of all there was, in one rename: a crash sees the old or the new, never a part."""
        fresh = Disk()
        for record in records:
            fresh.append(record)
        self._bytes = fresh._bytes
        self.sync()

    def crash(self, random: Random) -> None:
        """Lose a random part of what was not synced; now and then its last bytes are rubbish."""
        n_left = random.randint(self._n_synced, len(self._bytes))
        del self._bytes[n_left:]
        if n_left > self._n_synced and random.random() < 0.3:
            self._bytes[-1] ^= 1 << random.randrange(8)

    def records(self) -> list[bytes]:
        """Every whole record from the first on; the file is cut where one is not whole, as a log is when it is opened."""
        found, at = [], 0
        while at + HEAD_BYTES <= len(self._bytes):
            end = at + HEAD_BYTES + int.from_bytes(self._bytes[at : at + 4])
            record = bytes(self._bytes[at + HEAD_BYTES : end])
            if end > len(self._bytes) or zlib.crc32(record) != int.from_bytes(self._bytes[at + 4 : at + HEAD_BYTES]):
                break
            found.append(record)
            at = end
        del self._bytes[at:]
        self._n_synced = at
        return found

    def copy(self) -> bytes:
        """What a backup taken now holds: all that is synced."""
        return bytes(self._bytes[: self._n_synced])

    def holds(self, needle: bytes) -> bool:
        """Whether these bytes lie anywhere in the file."""
        return needle in self._bytes
