"""Texts that a GBNF grammar allows, chosen at random: enough of GBNF for our own grammars."""

import re
from random import Random

PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)+\]|\{\d+,\d+\}|[A-Za-z][\w-]*|[()|?*+]')


class Grammar:
    """Rules by name; ``sample`` gives one text of the rule ``root``."""

    def __init__(self, text: str) -> None:
        self.rules = {}
        for line in text.strip().splitlines():
            name, _, body = line.partition("::=")
            self.rules[name.strip()] = PIECE.findall(body)

    def sample(self, random: Random) -> str:
        return self._rule("root", random)

    def _rule(self, name: str, random: Random) -> str:
        text, rest = self._choice(self.rules[name], random)
        assert not rest, rest
        return text

    def _choice(self, pieces: list[str], random: Random) -> tuple[str, list[str]]:
        """One of the alternatives up to a closing bracket or the end, and what follows."""
        branches, rest = self._split(pieces)
        return self._sequence(random.choice(branches), random), rest

    def _split(self, pieces: list[str]) -> tuple[list[list[str]], list[str]]:
        branches: list[list[str]] = [[]]
        depth = 0
        for place, piece in enumerate(pieces):
            if piece == ")" and depth == 0:
                return branches, pieces[place:]
            depth += {"(": 1, ")": -1}.get(piece, 0)
            if piece == "|" and depth == 0:
                branches.append([])
            else:
                branches[-1].append(piece)
        return branches, []

    def _sequence(self, pieces: list[str], random: Random) -> str:
        text = ""
        while pieces:
            piece, rest = pieces[0], pieces[1:]
            group: list[str] = []
            if piece == "(":
                _, after = self._split(rest)
                group, rest = rest[: len(rest) - len(after)], after[1:]
            times = self._times(rest, random)
            if rest and (rest[0] in "?*+" or rest[0][0] == "{"):
                rest = rest[1:]
            for _ in range(times):
                text += self._choice(group, random)[0] if piece == "(" else self._one(piece, random)
            pieces = rest
        return text

    def _times(self, rest: list[str], random: Random) -> int:
        if not rest or not (rest[0] in "?*+" or rest[0][0] == "{"):
            return 1
        if rest[0][0] == "{":
            low, high = (int(figure) for figure in re.findall(r"\d+", rest[0]))
            return random.randint(low, high)
        return random.randint(*{"?": (0, 1), "*": (0, 4), "+": (1, 4)}[rest[0]])

    def _one(self, piece: str, random: Random) -> str:
        if piece[0] == '"':
            return piece[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        if piece[0] == "[":
            letters = [chr(code) for low, high in re.findall(r"(.)-(.)", piece[1:-1]) for code in range(ord(low), ord(high) + 1)]
            return random.choice(letters)
        return self._rule(piece, random)
