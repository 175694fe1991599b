"""Names and rules of chart patterns in words, by the kernel's shapes and whether the newest swing is a high or a low."""

from dataclasses import dataclass
from typing import Final

from backend.patterns.found import Bias, ChartKind


@dataclass(frozen=True, slots=True)
class Form:
    """What a shape is called and speaks for.

    has_neckline : its only line is a neckline; is_one_sided : a break the other way means that it failed
    has_pole : its first two corners are the move before it, which its lines do not bound
    """

    kind: ChartKind
    name: str
    bias: Bias
    rule: str
    has_neckline: bool = False
    is_one_sided: bool = False
    has_pole: bool = False


def _reversal(kind: ChartKind, name: str, bias: Bias, rule: str) -> Form:
    return Form(kind, name, bias, rule, has_neckline=True, is_one_sided=True)


def _both(form: Form) -> tuple[Form, Form]:
    return form, form


_ALIKE: Final = "at most 10 % of the height apart"
_LINES: Final = "every swing within 6 % of the height of its line and every close inside"
# What each shape is where the newest swing is a high, and where it is a low; in the order of the kernel's shapes.
FORMS: Final[tuple[tuple[Form, Form], ...]] = (
    (
        _reversal(
            ChartKind.DOUBLE_TOP, "Double top", Bias.BEARISH, f"After a rise two highs {_ALIKE}; neckline is the low between."
        ),
        _reversal(
            ChartKind.DOUBLE_BOTTOM,
            "Double bottom",
            Bias.BULLISH,
            f"After a fall two lows {_ALIKE}; neckline is the high between.",
        ),
    ),
    (
        _reversal(
            ChartKind.TRIPLE_TOP, "Triple top", Bias.BEARISH, f"After a rise three highs {_ALIKE}; the lower low is the neckline."
        ),
        _reversal(
            ChartKind.TRIPLE_BOTTOM,
            "Triple bottom",
            Bias.BULLISH,
            f"After a fall three lows {_ALIKE}; the higher high is the neckline.",
        ),
    ),
    (
        _reversal(
            ChartKind.HEAD_AND_SHOULDERS,
            "Head and shoulders",
            Bias.BEARISH,
            "After a rise a high between two lower ones, at most 20 % of its height apart; the neckline joins both lows.",
        ),
        _reversal(
            ChartKind.INVERSE_HEAD_AND_SHOULDERS,
            "Inverse head and shoulders",
            Bias.BULLISH,
            "After a fall a low between two higher ones, at most 20 % of its height apart; the neckline joins both highs.",
        ),
    ),
    _both(
        Form(
            ChartKind.ASCENDING_TRIANGLE,
            "Ascending triangle",
            Bias.BULLISH,
            f"Highs on a level line, lows on a rising one, {_LINES}.",
        )
    ),
    _both(
        Form(
            ChartKind.DESCENDING_TRIANGLE,
            "Descending triangle",
            Bias.BEARISH,
            f"Lows on a level line, highs on a falling one, {_LINES}.",
        )
    ),
    _both(
        Form(
            ChartKind.SYMMETRICAL_TRIANGLE,
            "Symmetrical triangle",
            Bias.NEUTRAL,
            f"Highs on a falling line, lows on a rising one, {_LINES}.",
        )
    ),
    _both(Form(ChartKind.RISING_WEDGE, "Rising wedge", Bias.BEARISH, f"Both lines rise and come to 65 % or less apart, {_LINES}.")),
    _both(
        Form(ChartKind.FALLING_WEDGE, "Falling wedge", Bias.BULLISH, f"Both lines fall and come to 65 % or less apart, {_LINES}.")
    ),
    _both(Form(ChartKind.RECTANGLE, "Rectangle", Bias.NEUTRAL, f"Both lines are level, {_LINES}.")),
    _both(Form(ChartKind.CHANNEL_UP, "Channel up", Bias.BULLISH, f"Both lines rise and stay about as far apart, {_LINES}.")),
    _both(Form(ChartKind.CHANNEL_DOWN, "Channel down", Bias.BEARISH, f"Both lines fall and stay about as far apart, {_LINES}.")),
    (
        Form(
            ChartKind.BEAR_FLAG,
            "Bear flag",
            Bias.BEARISH,
            "A fall of 5 average true ranges or more in 20 bars or fewer, then a level or rising band that gives back under half.",
            is_one_sided=True,
            has_pole=True,
        ),
        Form(
            ChartKind.BULL_FLAG,
            "Bull flag",
            Bias.BULLISH,
            "A rise of 5 average true ranges or more in 20 bars or fewer, then a level or falling band that gives back under half.",
            is_one_sided=True,
            has_pole=True,
        ),
    ),
    (
        _reversal(
            ChartKind.INVERSE_CUP_AND_HANDLE,
            "Inverse cup and handle",
            Bias.BEARISH,
            "A round top between two lows alike, then a rise over less than half of it; the neckline joins both lows.",
        ),
        _reversal(
            ChartKind.CUP_AND_HANDLE,
            "Cup and handle",
            Bias.BULLISH,
            "A round bottom between two highs alike, then a fall over less than half of it; the neckline joins both highs.",
        ),
    ),
)
