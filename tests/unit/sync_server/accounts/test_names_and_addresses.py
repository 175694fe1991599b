"""Names as others see them, addresses as they are stored, codes of authenticators."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.accounts.emails import index_of, open_email, parse_email, seal_email
from sync_server.accounts.factors import step_of
from sync_server.accounts.names import clean_name, handle_of, next_free
from sync_server.errors import Refused
from sync_server.storage.keys import KeyFile, ServerKeys


def made_keys():
    return ServerKeys(KeyFile(1, *(secrets.token_bytes(32) for _ in range(4))))


KEYS = made_keys()


@pytest.mark.parametrize(
    "name", ["Ada", "Ada  Lovelace", "José Núñez", "李 小龙", "Ольга Иванова", "Ada Иванова", "O'Neil-3rd", "نیم‌فاصله"]
)
def test_names_of_all_the_world_are_taken(name):
    assert clean_name(name) == " ".join(name.split())


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 81,
        "Ada\u202egnp.exe",
        "Ada\u0007",
        "\u200b",
        "Ada\u2066",
        "!!!",
        "\u0410d\u0430",
        "p\u0430ypal",
        "Ada\ue000",
        "Ada\u00adx",
    ],
)
def test_names_that_hide_turn_or_imitate_are_refused(name):
    with pytest.raises(Refused):
        clean_name(name)


@given(st.text())
def test_any_name_is_taken_clean_or_refused(name):
    try:
        clean = clean_name(name)
    except Refused:
        return
    assert clean_name(clean) == clean
    assert 1 <= len(clean) <= 80


def test_handles_are_short_plain_and_free():
    assert handle_of("José Núñez") == "jose.nunez"
    assert handle_of("李小龙") == "person"
    assert len(handle_of("x" * 80)) <= 32
    assert next_free("ada", []) == "ada"
    assert next_free("ada", ["ada", "ada2", "ada4"]) == "ada3"


@pytest.mark.parametrize(
    "email", ["ada@example.org", "Ada+work@Example.ORG", " a@b.c ", "a.b@sub.example.co", "jörg@münchen.example"]
)
def test_addresses_are_folded_to_one_spelling(email):
    assert parse_email(email) == parse_email(email.upper()) == email.strip().casefold()


@pytest.mark.parametrize(
    "email", ["", "ada", "@example.org", "ada@", "a@b@c", "a b@c.d", "a@-b", "a@b..c", "a@b.c\n", "x" * 250 + "@b.c", "<a@b.c>"]
)
def test_what_is_no_address_is_refused(email):
    if email.strip() == email:
        with pytest.raises(Refused):
            parse_email(email)
    else:
        assert parse_email(email) == email.strip()


def test_the_index_of_an_address_is_equal_for_equal_ones_and_another_under_another_key():
    assert index_of("ada@example.org", KEYS) == index_of("ada@example.org", KEYS)
    assert index_of("ada@example.org", KEYS) != index_of("bob@example.org", KEYS)
    assert index_of("ada@example.org", KEYS) != index_of("ada@example.org", made_keys())
    assert "ada" not in index_of("ada@example.org", KEYS)


def test_a_sealed_address_opens_for_its_account_alone():
    sealed = seal_email("ada@example.org", "user-1", KEYS)

    assert open_email(sealed, "user-1", KEYS) == "ada@example.org"
    assert open_email(None, "user-1", KEYS) == ""
    assert b"ada" not in sealed
    with pytest.raises(ValueError):
        open_email(sealed, "user-2", KEYS)


# RFC 6238, appendix B, SHA-1: the last six digits.
@pytest.mark.parametrize(
    ("time_s", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(time_s, code):
    seed, step = b"12345678901234567890", time_s // 30

    for shift in (-1, 0, 1):
        assert step_of(seed, code, (step + shift) * 30_000, 0) == step
    assert step_of(seed, code, (step + 2) * 30_000, 0) == 0
    assert step < 2 or step_of(seed, code, (step - 2) * 30_000, 0) == 0
    assert step_of(seed, code, step * 30_000, step) == 0  # taken before
    assert step_of(seed, code, step * 30_000, step + 1_000) == step  # taken while the clock was ahead


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "-12345", "12 345"])
def test_what_is_no_code_is_none(code):
    assert step_of(b"x" * 20, code, 1_790_000_000_000, 0) == 0
