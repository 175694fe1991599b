"""Values that are keys of many tables hash once: a Python hash of their fields at each look would cost more than the look."""

from dataclasses import fields


class HashedOnce:
    """What frozen dataclasses with slots inherit, and say ``__hash__ = HashedOnce.__hash__``.

    The hash is made when it is first asked for, and never leaves the process: it is no field, so no copy or file has it.
    """

    __slots__ = ("_hash",)

    _hash: int

    def __hash__(self) -> int:
        """That of all fields."""
        try:
            return self._hash
        except AttributeError:
            made = hash(tuple(getattr(self, field.name) for field in fields(self)))  # type: ignore[arg-type]  # dataclasses are
            object.__setattr__(self, "_hash", made)
            return made
