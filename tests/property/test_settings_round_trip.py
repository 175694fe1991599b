"""Settings survive their file: whatever can be set is read back equal."""

from hypothesis import given
from hypothesis import strategies as st

from backend.settings import SECTIONS, Binding, Settings, changed, fields_of, format_settings, parse_settings

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


def _values(section: str) -> st.SearchStrategy[dict]:
    by_kind = {
        "flag": lambda _f: st.booleans(),
        "whole": lambda f: st.integers(f.minimum, f.maximum),
        "number": lambda f: st.floats(f.minimum, f.maximum),
        "choice": lambda f: st.sampled_from([c.value for c in f.choices]),
        "colour": lambda _f: st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True),
        "text": lambda _f: TEXT,
        "folders": lambda _f: st.lists(TEXT, max_size=4).map(tuple),
    }
    return st.fixed_dictionaries({}, optional={f.name: by_kind[f.kind](f) for f in fields_of(section)})


BINDINGS = st.lists(
    st.builds(lambda action, keys: Binding(action=action, keys=tuple(keys)), TEXT.filter(bool), st.lists(TEXT, max_size=3)),
    max_size=5,
)


@given(st.fixed_dictionaries({name: _values(name) for name in SECTIONS}), TEXT, TEXT, BINDINGS)
def test_what_is_written_is_read_back_equal(values, instrument, window, bindings):
    settings = Settings()
    for section, fields in values.items():
        settings = changed(settings, section, fields)
    settings = changed(settings, "workspace", {"instrument": instrument, "window": window})
    settings = changed(settings, "shortcuts", {"bindings": tuple(bindings)})
    assert parse_settings(format_settings(settings)) == settings
