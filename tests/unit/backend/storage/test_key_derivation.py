"""Sub-keys follow RFC 5869, checked by its own vectors and by a second implementation."""

import os

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.storage.key_derivation import derive, expand, extract


# RFC 5869, appendix A.1 to A.3: key, salt, context, length, output.
@pytest.mark.parametrize(
    ("key", "salt", "context", "n_bytes", "output"),
    [
        (
            "0b" * 22,
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            42,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(0x50)).hex(),
            bytes(range(0x60, 0xB0)).hex(),
            bytes(range(0xB0, 0x100)).hex(),
            82,
            (
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
        ),
        ("0b" * 22, "", "", 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
    ],
)
def test_the_vectors_of_the_standard_come_out(key, salt, context, n_bytes, output):
    concentrated = extract(bytes.fromhex(salt), bytes.fromhex(key))
    assert expand(concentrated, bytes.fromhex(context), n_bytes).hex() == output


def test_a_second_implementation_agrees():
    key, salt = os.urandom(32), os.urandom(32)
    other = HKDF(algorithm=SHA256(), length=100, salt=salt, info=b"trii/v1/money").derive(key)
    assert derive(key, "money", 100, salt=salt) == other


def test_two_labels_give_two_keys():
    key = bytes(32)
    assert derive(key, "money") != derive(key, "words")
