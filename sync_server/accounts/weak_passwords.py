"""What people guess first: common words with their usual endings, runs on the keyboard, repeats, dates, and words of the place.

The lists are short because a password is compared after its disguise is taken off: case, digits for letters, and what is
commonly put before and after a word. "P4ssw0rd2024!" is "password".
"""

import re
from collections.abc import Sequence
from typing import Final

_WORDS: Final = """
password passwort passwd passphrase contrasena motdepasse senha parola haslo wachtwoord pass passw pword mypass mypassword
newpassword oldpassword temppass temppassword defaultpassword changeme changeit letmein letmeinnow welcome welcomeback
willkommen bienvenue bienvenido benvenuto access accessgranted admin administrator adminadmin root rootroot superuser sysadmin
user username guest test tester testing testtest demo sample example default secret topsecret private security secure login
logon signin master mastermind iloveyou iloveu loveyou lovely love loveme lover baby babygirl babyboy angel angels princess
prince sunshine moonlight starlight rainbow flower butterfly dragon dragons monkey tiger tigers lion eagle eagles falcon
falcons wolf wolves bear bears panther panthers jaguar shark dolphin dolphins horse kitty kitten puppy doggy buster charlie
maggie ginger shadow cookie cookies chocolate cheese pepper peanut banana orange apple cherry strawberry football soccer
baseball basketball hockey tennis golf golfer rugby cricket chelsea arsenal liverpool manchester manutd juventus barcelona
realmadrid bayern ferrari porsche mercedes mustang corvette camaro harley yamaha toyota honda suzuki bmw audi volkswagen
michael jordan jennifer jessica ashley amanda daniel david thomas robert andrew joshua matthew anthony william james john
johnny joseph richard george alexander alexandra christopher christian nicole michelle melissa samantha elizabeth stephanie
sophie victoria olivia emma hannah sarah laura maria anna andrea martin stefan peter klaus hans pierre jean carlos jose juan
miguel superman batman spiderman ironman hulk thor avengers starwars startrek skywalker darthvader yoda pokemon pikachu naruto
minecraft fortnite roblox playstation xbox nintendo mario zelda sonic matrix trustno trustnoone hello hellohello helloworld
goodbye goodluck lucky luckyone freedom liberty justice peace forever whatever nothing something anything computer internet
website server network wireless windows linux ubuntu android iphone samsung google facebook twitter instagram youtube amazon
netflix microsoft spring summer autumn winter january february march april june july august september october november
december monday tuesday wednesday thursday friday saturday sunday germany deutschland france england america canada australia
india brasil mexico london berlin paris newyork chicago boston dallas texas california florida company business office work
job boss manager money cash dollar euro bitcoin ethereum crypto trader trading trade traders stock stocks stockmarket market
markets wallstreet nasdaq dowjones forex bull bullish bearish bullmarket option options futures broker brokerage invest
investor investing portfolio profit rich millionaire billionaire wealth hodl tothemoon diamondhands buylow sellhigh qwerty
qwertz azerty asdf asdfgh zxcv zxcvbn qazwsx wasd abc abcd abcde abcdef aaaaaa nopassword nopass none whoami incorrect jesus
jesuschrist christ godisgood blessed faith heaven hallelujah fuckyou fuckoff fuckme asshole bitch shit bullshit pussy penis
sexy sex hotstuff killer hunter ranger soldier warrior ninja pirate samurai phoenix thunder lightning storm silver golden
diamond crystal platinum magic merlin wizard gandalf hobbit frodo cowboy cowboys yankees lakers steelers packers patriots
raiders redsox giants broncos celtics warriors metallica nirvana beatles slipknot rockstar guitar music musica dance scooter
snoopy mickey minnie garfield scooby tinkerbell pookie sweetie honey sugar candy teddy bubbles smile happy happyday sunflower
family mother father mommy daddy brother sister grandma friends friend bestfriend school college university student teacher
doctor nurse police fire water earth wind ocean river mountain forest garden house kitchen bedroom green purple yellow black
white blue red pink
"""
_COMMON: Final = frozenset(_WORDS.split())
_ROWS: Final = ("1234567890", "0987654321", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm")
_COLUMNS: Final = ("1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0")
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
_RUNS: Final = tuple(run for line in (*_ROWS, *_COLUMNS, _ALPHABET) for run in (line * 2, line[::-1] * 2))
_DISGUISE: Final = str.maketrans("01345789@$!+|", "oieastbgasitl")
_ENDS: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_DATE: Final = re.compile(r"(?=.*(19|20)\d\d)[\d\W_]{8,12}")
_NOT_LETTERS: Final = re.compile(r"[\W_]+")
_CONTEXT_LETTERS_MIN: Final = 4
_ALWAYS: Final = ("trii", "triidesktop", "triisync")


def why_weak(password: str, context: Sequence[str] = ()) -> str:
    """Why a password would be among the first guesses, in words that end a sentence; empty where it would not."""
    plain = password.casefold()
    forms = _undisguised(plain)
    reasons = (
        ("it repeats the same letters", len(set(plain)) <= 3),
        ("it says the same thing again and again", _repeats(plain)),
        ("its letters follow each other on the keyboard or in the alphabet", _is_run(plain)),
        ("it is a date", bool(_DATE.fullmatch(plain))),
        ("it is a short number", plain.isdecimal() and len(plain) < 12),
        ("it is a common password with or without an ending", bool(forms & _COMMON)),
        ("it is made of a name that belongs to this account", _is_of_the_place(forms, context)),
    )
    return next((why for why, is_so in reasons if is_so), "")


def _undisguised(plain: str) -> set[str]:
    """What is left of a password without endings, signs and digits for letters, in every order of taking them off."""
    inner = _ENDS.sub("", plain)
    forms = {plain, inner, plain.translate(_DISGUISE), inner.translate(_DISGUISE)}
    forms |= {_ENDS.sub("", form) for form in forms}
    forms |= {form.rstrip("i") for form in forms}  # an exclamation mark that was read as a letter
    return {_NOT_LETTERS.sub("", form) for form in forms} - {""}


def _is_of_the_place(forms: set[str], context: Sequence[str]) -> bool:
    """Whether a name of the account makes out most of it: "ada-lovelace1" for Ada Lovelace, not a sentence that holds "ada"."""
    for said in (*context, *_ALWAYS):
        whole = _NOT_LETTERS.sub("", said.casefold())
        words = {whole, whole[::-1], *re.split(r"[\W_]+", said.casefold())}
        for word in words:
            if len(word) >= _CONTEXT_LETTERS_MIN and any(word in form and len(form) < 2 * len(word) for form in forms):
                return True
    return False


def _repeats(plain: str) -> bool:
    """One piece of at most a third of the length, said throughout."""
    return any(plain == (plain[:n] * (len(plain) // n + 1))[: len(plain)] for n in range(1, max(len(plain) // 2, 1) + 1) if n <= 5)


def _is_run(plain: str) -> bool:
    """Nothing but neighbours: of the keyboard's rows and columns or of the alphabet, in at most two pieces."""
    squeezed = _NOT_LETTERS.sub("", plain)
    return any(
        all(any(part in run for run in _RUNS) for part in (squeezed[:cut], squeezed[cut:]) if part)
        for cut in range(len(squeezed))
        if cut == 0 or 3 <= cut <= len(squeezed) - 3
    ) and bool(squeezed)
