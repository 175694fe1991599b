"""The recovery phrase: standard words, and help with slips of the pen."""

import pytest
from mnemonic import Mnemonic

from backend.errors import InvalidInput
from backend.storage.phrase import key_from_phrase, phrase_from_key

ZEROS = "abandon " * 23 + "art"


# The 256-bit vectors of the BIP-39 reference implementation.
@pytest.mark.parametrize(
    ("key", "phrase"),
    [
        ("00" * 32, ZEROS),
        ("7f" * 32, "legal winner thank year wave sausage worth useful " * 2 + "legal winner thank year wave sausage worth title"),
        (
            "80" * 32,
            "letter advice cage absurd amount doctor acoustic avoid " * 2
            + "letter advice cage absurd amount doctor acoustic bless",
        ),
        ("ff" * 32, "zoo " * 23 + "vote"),
    ],
)
def test_the_vectors_of_the_standard_come_out(key, phrase):
    assert phrase_from_key(bytes.fromhex(key)) == phrase
    assert key_from_phrase(phrase) == bytes.fromhex(key)
    assert bytes(Mnemonic("english").to_entropy(phrase)) == bytes.fromhex(key)


def test_case_numbers_commas_and_cut_words_are_understood():
    words = phrase_from_key(bytes(range(32))).split()
    numbered = "\n".join(f"{place}. {word.upper()}" for place, word in enumerate(words, start=1))
    assert key_from_phrase(numbered) == bytes(range(32))
    assert key_from_phrase(", ".join(word[:4] for word in words)) == bytes(range(32))


def test_a_mistyped_word_is_named_with_its_place_and_the_nearest_words():
    with pytest.raises(InvalidInput, match=r"Word 24, 'atr', is not in the word list") as caught:
        key_from_phrase(ZEROS[:-3] + "atr")
    assert "art" in caught.value.hint
    assert caught.value.code == "phrase.word"


def test_a_missing_word_is_counted():
    with pytest.raises(InvalidInput, match="has 24 words; 23 were given"):
        key_from_phrase("abandon " * 23)


def test_swapped_words_fail_the_checksum():
    words = phrase_from_key(bytes(range(32))).split()
    words[3], words[4] = words[4], words[3]
    with pytest.raises(InvalidInput, match="do not fit together") as caught:
        key_from_phrase(" ".join(words))
    assert caught.value.code == "phrase.checksum"


def test_a_key_of_another_size_has_no_phrase():
    with pytest.raises(InvalidInput, match="32 bytes, not 16"):
        phrase_from_key(bytes(16))
