"""Passwords: what is refused as weak, and what checking one costs whoever asks."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.accounts.passwords import FLOOR, ROOMY, Cost, Passwords, check_strength, cost_of_this_machine
from sync_server.accounts.weak_passwords import why_weak
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

CHEAP = Cost(8, 1)
PLACE = ("Ada Lovelace", "ada.lovelace@kestrel-capital.example", "Kestrel Capital")


async def passwords(**terms):
    made = Passwords(CHEAP, 2, **terms)
    await made.begin()
    return made


@pytest.mark.parametrize(
    "password",
    [
        "password", "Password1!", "P4ssw0rd2024", "p@$$w0rd", "12345678", "1234567890", "qwertyuiop", "QWERTZ123456", "asdfghjkl",
        "1qaz2wsx3edc", "zaq12wsx", "iloveyou!!", "letmein123", "Trustno1", "aaaaaaaa", "abababab", "abcabcabcabc", "abcdefgh",
        "987654321", "01.01.1990", "19900101", "2024-05-06", "Summer2024", "sunshine!1", "dragon123!", "Bitcoin2025", "wallstreet",
        "00000000", "31415926", "welcome1", "Monkey!!!", "admin1234", "trii2026", "TriiDesktop1",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_refused(password):
    with pytest.raises(Refused) as refused:
        check_strength(password)

    assert refused.value.code == Code.BAD_BODY


@pytest.mark.parametrize(
    "password", ["AdaLovelace1", "lovelace99", "ecalevol.ada", "Kestrel2024!", "kestrelcapital", "k3strel-capital"]
)
def test_names_of_the_account_and_the_place_are_refused(password):
    with pytest.raises(Refused, match="name"):
        check_strength(password, PLACE)


@pytest.mark.parametrize(
    "password",
    [
        "seven wet ferns at noon", "correct horse battery staple", "Tr0ub4dor&3x", "n8fK2p!vQz", "mein Hund heißt anders",
        "密码很长但是好记的一句话",
        "the password is not this", "my dragon reads Lovelace", "kjhg8w7e6r5t", "a kestrel hovers over oats",
    ],
)  # fmt: skip
def test_a_password_that_nobody_guesses_is_taken_without_rules_about_its_letters(password):
    check_strength(password, PLACE)


def test_length_is_counted_in_letters_as_they_are_seen():
    with pytest.raises(Refused):
        check_strength("e\u0301" * 7)  # seven letters, fourteen code points
    with pytest.raises(Refused):
        check_strength("x7" * 65)
    check_strength("vq9 " * 31 + "vq9k")


@given(st.text(max_size=130))
def test_any_text_is_judged_without_failing(password):
    assert isinstance(why_weak(password, PLACE), str)


@given(
    st.sampled_from(["dragon", "football", "sunshine", "trading"]), st.from_regex(r"[0-9!.]{0,5}", fullmatch=True), st.booleans()
)
def test_no_ending_and_no_case_makes_a_common_word_a_good_password(word, ending, is_loud):
    assert why_weak((word.upper() if is_loud else word) + ending)


async def test_a_hash_is_argon2id_and_is_right_for_its_password_alone():
    made = await passwords()
    hashed = await made.hash("seven wet ferns")

    assert hashed.startswith("$argon2id$")
    assert (await made.check(hashed, "seven wet ferns")).is_right
    assert not (await made.check(hashed, "seven wet fern")).is_right
    made.close()


async def test_the_same_letters_typed_otherwise_are_the_same_password():
    made = await passwords()
    hashed = await made.hash("caf\u00e9 at noon")

    assert (await made.check(hashed, "cafe\u0301 at noon")).is_right
    made.close()


async def test_an_account_that_does_not_exist_costs_the_same_work_and_is_never_right():
    made = await passwords()
    hashed = await made.hash("seven wet ferns")
    before = made.n_computed
    await made.check(hashed, "wrong")
    for_somebody = made.n_computed - before
    verdict = await made.check("", "seven wet ferns")

    assert made.n_computed - before == 2 * for_somebody == 2
    assert not verdict.is_right
    made.close()


async def test_a_hash_that_is_damaged_is_wrong_and_not_an_error():
    made = await passwords()

    assert not (await made.check("$argon2id$nonsense", "x")).is_right
    assert not (await made.check("plain", "plain")).is_right
    made.close()


async def test_a_hash_of_a_lower_cost_is_told_to_be_dated():
    old, new = await passwords(), Passwords(Cost(16, 2), 1)
    await new.begin()
    hashed = await old.hash("seven wet ferns")

    assert (await new.check(hashed, "seven wet ferns")).is_dated
    assert not (await new.check(hashed, "wrong")).is_dated
    assert not (await old.check(hashed, "seven wet ferns")).is_dated
    old.close()
    new.close()


async def test_when_too_many_wait_the_next_is_told_to_come_again_and_no_thread_is_taken():
    made = await passwords(waiting_max=3)
    asked = [asyncio.ensure_future(made.hash(f"password number {number}")) for number in range(20)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Refused)]

    assert len(refused) == 15  # two threads and three who wait
    assert {(answer.code, answer.status) for answer in refused} == {(Code.LIMITED, 429)}
    assert all(answer.after_ms > 0 for answer in refused)
    assert made.n_waiting == 0
    assert await made.hash("afterwards it goes on")
    made.close()


def test_the_cost_of_a_machine_is_one_of_the_two_that_owasp_names():
    assert cost_of_this_machine() in (ROOMY, FLOOR)
    assert (FLOOR.memory_kib, FLOOR.passes) == (19_456, 2)
