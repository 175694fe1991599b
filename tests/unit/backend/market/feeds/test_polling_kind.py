"""What the form of polled sources offers is what polling understands."""

from backend.market.feeds.kinds import KINDS
from backend.market.feeds.polling_plan import OPTIONS, parse_plan
from backend.market.feeds.polling_presets import PRESETS
from backend.market.feeds.wire_times import UNITS


def test_every_option_of_polling_is_offered_with_its_own_default():
    offered = {option.name: option for option in KINDS["polling"].options}
    assert set(offered) == OPTIONS
    assert offered["preset"].choices == ("", *PRESETS)
    assert offered["time_unit"].choices == ("iso", *UNITS)
    plain = {"url": "https://host.example/", "price": "p", "instruments": "AAPL.XNAS"}
    said = {name: option.default for name, option in offered.items() if option.default}
    assert parse_plan({**plain, **said}) == parse_plan(plain)
