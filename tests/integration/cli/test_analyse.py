"""`trii analyse` as its user meets it: JSON of an exact form, text with numbered sources, and errors that say what to do."""

import re

from tests.fakes.trii import Trii

KEYS = ["facts", "claims", "narrative", "narrative_tagged", "checks", "model"]
TAG = re.compile(r"\{(F\d+)\}")


def rendered(tagged: str, facts: dict) -> str:
    """The tagged text with each fact's own text, leaving a minus away where the words before say it already."""
    return TAG.sub(lambda found: facts[found[1]]["text"].lstrip("-"), tagged)


def test_json_has_exactly_the_keys_and_every_number_is_a_facts(stocked: Trii):
    said = stocked("analyse", "AAPL", "--as-of", "2013-03-01", "--json")
    assert said.code == 0, said.err
    answer = said.json
    facts = {fact["id"]: fact for fact in answer["facts"]}
    assert list(answer) == KEYS
    assert answer["model"] is None
    assert answer["checks"]["plain_wording"] is True
    assert answer["checks"]["unverified"] == 0
    assert answer["checks"]["reason"]
    stages = answer["checks"]["stages"]
    assert [stage["stage"] for stage in stages] == ["bars", "facts", "card"]
    assert all(0 < stage["took_ms"] <= stage["ended_ms"] and not stage["cut"] for stage in stages)
    assert answer["checks"]["numbers"] == len(TAG.findall(answer["narrative_tagged"])) > 30
    assert not any(char.isdigit() for char in TAG.sub("", answer["narrative_tagged"]))
    assert answer["narrative"].replace("-", "") == rendered(answer["narrative_tagged"], facts).replace("-", "")
    assert all(claim["true"] is True for claim in answer["claims"])
    assert {arg for claim in answer["claims"] for arg in claim["args"]} <= set(facts)
    for fact in facts.values():
        assert fact["formula"], fact
        assert (fact["value"] is None) == bool(fact["why_not"]), fact
        assert fact["as_of"] <= "2013-03-02T05:00:00Z", fact


def test_the_text_has_five_sections_and_numbered_sources(stocked: Trii):
    said = stocked("analyse", "AAPL.XNAS", "--as-of", "2013-03-01", "--no-model")
    assert said.code == 0, said.err
    heads = [line for line in said.out.splitlines() if line.isupper() and not line.startswith("[")]
    assert heads == [
        "TECHNICAL ANALYSIS", "FUNDAMENTAL OUTLOOK", "SENTIMENT", "TRADE IDEA", "RISK ASSESSMENT", "SOURCES", "FIGURES",
    ]  # fmt: skip
    numbers = {int(number) for number in re.findall(r"^\[(\d+)\] ", said.out, re.MULTILINE)}
    assert numbers == set(range(1, len(numbers) + 1))
    used = re.findall(r"^Sources: (.*)$", said.out, re.MULTILINE)
    assert {int(number) for line in used for number in re.findall(r"\d+", line)} <= numbers
    assert "[1] catalog" in said.out
    assert max(map(len, said.out.split("\nSOURCES\n")[0].splitlines())) <= 100


def test_nothing_is_known_before_the_first_bar_and_of_strangers(stocked: Trii):
    early = stocked("analyse", "AAPL", "--as-of", "1999", "--json")
    assert (early.code, early.error["code"]) == (3, "facts.no_bars")
    strange = stocked("analyse", "NONESUCH", "--json")
    assert (strange.code, strange.error["code"]) == (3, "instrument.unknown")
    minutes = stocked("analyse", "AAPL", "--interval", "1m", "--json")
    assert (minutes.code, minutes.error["code"]) == (4, "bars.not_divisible")
