"""Every command as a process on a real home: carried out by itself, and by the process that has the home open."""

import csv
import json
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq

from tests.fakes.trii import SAMPLES, Trii

WORDS_IN_PHRASE = 24
PNG = b"\x89PNG\r\n\x1a\n"


def write_csv(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(("Date,Open,High,Low,Close,Volume", *rows)) + "\n", encoding="utf-8")
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


# --- importing --------------------------------------------------------------------------------------------------------


def test_an_import_reports_what_it_accepted_missed_and_refused_with_line_and_reason(either: Trii) -> None:
    path = write_csv(
        either.folder / "bars.csv",
        "2024-01-02,10,12,9,11,100",
        "2024-01-03,10,9,8,11,100",
        "2024-01-04,,,,,",
        "2024-01-05,x,12,9,11,100",
        *(f"2024-02-{day:02},11,13,10,12,100" for day in (1, 2, 5, 6, 7, 8, 9, 12, 13, 14)),
    )
    said = either("import", path.name, "--instrument", "NEW.XNYS")
    assert said.code == 0, said.err
    assert "NEW.XNYS 1d" in said.out
    assert "11 accepted" in said.out
    assert "2 refused" in said.out
    assert "1 without values" in said.out
    assert "line 3: refused:" in said.out
    assert "line 5: refused:" in said.out

    again = either("import", path.name, "--instrument", "NEW.XNYS", "--json").json["imports"][0]
    assert (again["n_accepted"], again["n_same"], again["n_refused"], again["n_missing"]) == (0, 11, 2, 1)
    assert {(row["line"], row["kind"]) for row in again["rows"]} >= {(3, "refused"), (5, "refused"), (4, "missing")}
    assert Path(again["rows_path"]).exists()


def test_a_dry_run_shows_how_a_file_would_be_read_and_stores_nothing(served: Trii) -> None:
    path = write_csv(served.folder / "bars.csv", "2024-01-02,10,12,9,11,100", "2024-01-03,10,12,9,11,100")
    said = served("import", path, "--instrument", "NEW.XNYS", "--dry-run")
    assert said.code == 0, said.err
    assert "into NEW.XNYS 1d" in said.out
    assert "Close=close" in said.out
    plan = served("import", path, "--instrument", "NEW.XNYS", "--dry-run", "--json").json["imports"][0]
    assert plan["is_new_instrument"] is True
    assert [column["role"] for column in plan["columns"]] == ["time", "open", "high", "low", "close", "volume"]
    assert served("bars", "NEW.XNYS").code == 3


def test_what_was_detected_wrongly_can_be_said(served: Trii) -> None:
    path = served.folder / "kurse.txt"
    path.write_text("Tag;Kurs;Menge\n03.02.2024;1.234,5;10\n04.03.2024;1.235,25;20\n", encoding="cp1252")
    said = served(
        "import", path, "--instrument", "ODD.XETR", "--interval", "1mo", "--delimiter", ";", "--decimal", ",", "--thousands", ".",
        "--date-order", "dmy", "--column", "time=Tag", "--column", "close=Kurs", "--column", "volume=", "--encoding", "cp1252",
        "--currency", "EUR", "--name", "Odd AG", "--header-row", "1", "--timezone", "Europe/Berlin",
    )  # fmt: skip
    assert said.code == 0, said.err + said.out
    bars = served("bars", "ODD", "--json").json
    assert bars["interval"] == "1mo"
    assert [(bar["close"], bar["volume"]) for bar in bars["bars"]] == [(1234.5, None), (1235.25, None)]


def test_a_file_that_fails_does_not_stop_the_others_and_gives_the_exit_code(served: Trii) -> None:
    good = write_csv(served.folder / "good.csv", "2024-01-02,10,12,9,11,100", "2024-01-03,10,12,9,11,100")
    (served.folder / "bad.csv").write_text("nothing to see\n")
    said = served("import", "missing.csv", "bad.csv", good, "--instrument", "NEW.XNYS", "--json")
    assert said.code == 3
    results = said.json["imports"]
    assert [("error" in result) for result in results] == [True, True, False]
    assert results[2]["n_accepted"] == 2
    assert [json.loads(line)["error"]["exit_code"] for line in said.err.splitlines()] == [3, 4]


def test_folders_and_names_of_any_script_are_imported(served: Trii) -> None:
    folder = served.folder / "Märkte 日本"
    folder.mkdir()
    write_csv(folder / "七 1d.csv", "2024-01-02,10,12,9,11,100", "2024-01-03,10,12,9,11,100")
    said = served("import", folder.name, "--instrument", "SEVEN.XTKS")
    assert said.code == 0, said.err
    assert "七" in said.out
    assert served("bars", "SEVEN", "--json").json["n_bars"] == 2


def test_a_file_whose_every_row_is_refused_is_an_error(served: Trii) -> None:
    path = write_csv(served.folder / "bad.csv", "2024-01-02,10,9,12,11,1", "2024-01-03,10,9,12,11,1")
    assert served("import", path, "--instrument", "NEW.XNYS").code == 4


# --- reading ----------------------------------------------------------------------------------------------------------


def test_instruments_are_listed_with_what_is_stored_of_each(either: Trii) -> None:
    said = either("instruments")
    lines = said.out.splitlines()
    assert lines[0].split() == ["instrument", "name", "kind", "interval", "source", "bars", "from", "to"]
    assert lines[1].split() == ["AAPL.XNAS", "Apple", "Inc.", "stock", "1d", "import", "3,270", "2000-03-01", "2013-03-01"]
    found = either("instruments", "appl", "--json").json
    assert [(one["id"], one["series"][0]["n_bars"]) for one in found] == [("AAPL.XNAS", 3270)]
    missing = either("instruments", "zzzz", "--json")
    assert (missing.code, missing.error["code"]) == (3, "instrument.unknown")


def test_bars_are_the_files_own_values_in_every_form(served: Trii) -> None:
    wanted = {row["Date"]: row for row in rows_of((SAMPLES / "AAPL_1d.csv").read_text())}
    asked = ("bars", "AAPL", "--from", "2012-01", "--to", "2012-06-15")
    from_csv = rows_of(served(*asked, "--csv").out)
    from_json = served(*asked, "--json").json["bars"]
    from_table = [line.split() for line in served(*asked).out.splitlines()]
    served(*asked, "--out", "out.parquet")
    from_parquet = pq.read_table(served.folder / "out.parquet").to_pylist()
    assert from_csv[0]["time"] == "2012-01-03"
    assert from_csv[-1]["time"] == "2012-06-15"
    assert from_table[0] == ["time", "open", "high", "low", "close", "volume"]
    assert len(from_csv) == len(from_json) == len(from_table) - 1 == len(from_parquet)
    for a, b, c, d in zip(from_csv, from_json, from_table[1:], from_parquet, strict=True):
        source = wanted[a["time"]]
        for name in ("open", "high", "low", "close"):
            assert float(a[name]) == b[name] == d[name] == float(source[name.capitalize()])
        assert a["time"] == b["time"] == c[0] == str(d["time"])
        assert [float(x) for x in c[1:]] == [float(a[k]) for k in ("open", "high", "low", "close", "volume")]


def test_written_bars_come_back_as_the_same_bars(served: Trii, tmp_path: Path) -> None:
    for form in (".csv", ".json", ".parquet"):
        served("bars", "AAPL", "--last", "50", "--out", f"aapl_1d{form}")
        said = served("import", tmp_path / f"aapl_1d{form}", "--instrument", f"AAPL{form[1:]}.XNAS", "--interval", "1d")
        assert said.code == 0, said.err + said.out
        back = served("bars", f"AAPL{form[1:]}.XNAS", "--csv")
        assert back.out == served("bars", "AAPL.XNAS", "--last", "50", "--csv").out, form


def test_longer_bars_and_adjusted_bars_know_nothing_from_after_as_of(served: Trii) -> None:
    weeks = served("bars", "AAPL", "--interval", "1w", "--last", "2", "--json").json
    assert weeks["interval"] == "1w"
    assert len(weeks["bars"]) == 2
    raw, adjusted = (rows_of(served("bars", "AAPL", "--to", "2005", *more, "--csv").out) for more in ((), ("--adjusted",)))
    assert float(adjusted[0]["close"]) < float(raw[0]["close"]) / 1.9
    before_split = rows_of(served("bars", "AAPL", "--adjusted", "--as-of", "2000-05-31", "--csv").out)
    assert before_split[-1]["time"] == "2000-05-31"
    assert before_split[0]["close"] == raw[0]["close"]


def test_questions_without_an_answer_say_why_and_what_to_do(served: Trii) -> None:
    for words, code, error in (
        (("bars", "NOPE"), 3, None),
        (("bars", "AAPL", "--from", "2050"), 3, "bars.none"),
        (("bars", "AAPL", "--interval", "1m"), 4, "bars.not_divisible"),
        (("bars", "AAPL", "--interval", "soon"), 4, "bars.interval"),
        (("bars", "AAPL", "--from", "soon"), 4, "time.unreadable"),
        (("bars", "AAPL", "--from", "2012", "--to", "2011"), 4, "time.range"),
        (("bars", "AAPL", "--out", "bars.xls"), 4, "bars.out"),
        (("bars", "AAPL", "--out", "no/such/folder.csv"), 4, "bars.out"),
        (("bar", "undo", "999"), 3, "edit.unknown"),
        (("revisions", "restore", "999"), 3, "revision.unknown"),
        (("screenshot", "--out", "a.jpg"), 4, "screenshot.out"),
    ):
        said = served(*words, "--json")
        assert said.code == code, (words, said)
        assert said.out == ""
        assert said.error["exit_code"] == code
        assert error in (None, said.error["code"]), said
        plain = served(*words)
        assert plain.code == code
        assert plain.err.startswith("error: ")
        assert plain.out == ""


def test_an_output_file_is_whole_or_not_there_at_all(stocked: Trii) -> None:
    target = stocked.folder / "sealed"
    target.mkdir()
    (target / "bars.csv").mkdir()  # a folder in the way
    said = stocked("bars", "AAPL", "--out", target / "bars.csv")
    assert said.code == 5
    assert [path.name for path in target.iterdir()] == ["bars.csv"]


# --- correcting -------------------------------------------------------------------------------------------------------


def test_a_bar_is_corrected_deleted_and_both_are_undone(served: Trii) -> None:
    def close() -> list[str]:
        return [row["close"] for row in rows_of(served("bars", "AAPL", "--from", "2013-02-28", "--csv").out)]

    assert close() == ["441.4", "430.47"]
    said = served("bar", "set", "AAPL", "2013-03-01", "--close", "431.5", "--json")
    edit = said.json["edit"]
    assert close() == ["441.4", "431.5"]
    assert served("bar", "undo", edit).code == 0
    assert close() == ["441.4", "430.47"]
    deleted = served("bar", "delete", "AAPL", "2013-03-01", "--json").json["edit"]
    assert close() == ["441.4"]
    log = served("bar", "log", "AAPL", "--json").json
    assert [(entry["edit"], entry["undone"] is not None, entry["new"] is None) for entry in log] == [
        (deleted, False, True),
        (edit, True, False),
    ]
    assert "deleted" in served("bar", "log", "AAPL").out
    assert served("bar", "undo", deleted).code == 0
    assert close() == ["441.4", "430.47"]


def test_an_impossible_correction_changes_nothing(served: Trii) -> None:
    before = served("bars", "AAPL", "--csv").out
    for words, code in (
        (("set", "AAPL", "2013-03-01"), 4),
        (("set", "AAPL", "2013-03-01", "--high", "1"), 4),
        (("set", "AAPL", "2013-03-02", "--close", "1"), 3),
        (("set", "AAPL", "2013-03-01", "--close", "431", "--interval", "1h"), 3),
        (("set", "NOPE", "2013-03-01", "--close", "431"), 3),
        (("delete", "AAPL", "2013-03-02"), 3),
    ):
        assert served("bar", *words).code == code, words
    assert served("bars", "AAPL", "--csv").out == before


def test_what_an_import_replaced_is_listed_and_comes_back(served: Trii) -> None:
    path = write_csv(served.folder / "newer.csv", "2013-02-28,1,2,1,2,5", "2013-03-01,3,4,3,4,5")
    report = served("import", path, "--instrument", "AAPL.XNAS", "--interval", "1d", "--json").json["imports"][0]
    assert report["n_replaced"] == 2
    assert rows_of(served("bars", "AAPL", "--last", "1", "--csv").out)[0]["close"] == "4"
    listed = served("revisions", "list", "AAPL", "--json").json
    assert [(one["n_bars"], one["first"], one["last"]) for one in listed] == [(2, "2013-02-28", "2013-03-01")]
    assert "AAPL.XNAS 1d" in served("revisions", "list").out
    restored = served("revisions", "restore", listed[0]["revision"])
    assert restored.code == 0, restored.err
    assert rows_of(served("bars", "AAPL", "--last", "1", "--csv").out)[0]["close"] == "430.47"


# --- pictures, samples ------------------------------------------------------------------------------------------------


def test_a_screenshot_is_a_picture_of_the_size_asked_for(either: Trii) -> None:
    said = either("screenshot", "AAPL", "--out", "a.png", "--size", "800x500", "--theme", "light", "--from", "2012", "--json")
    assert said.code == 0, said.err
    picture = (either.folder / "a.png").read_bytes()
    assert picture.startswith(PNG)
    assert (int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")) == (800, 500)
    assert (said.json["width_px"], said.json["bytes"]) == (800, len(picture))
    assert said.json["n_bars"] == 291


def test_a_screenshot_shows_a_saved_chart_with_indicators_on_top(served: Trii) -> None:
    state = {"instrument": "AAPL.XNAS", "interval": "1w", "chart_type": "bars", "visible": {"n_bars": 60}}
    (served.folder / "chart.json").write_text(json.dumps(state), encoding="utf-8")
    words = ("--state", "chart.json", "--indicator", "ema:20", "--indicator", "macd:8,21,5", "--compare", "WTI", "--scale", "log")
    said = served("screenshot", "--out", "b.png", "--theme", "high_contrast", *words, "--json")
    assert said.code == 0, said.err
    assert (served.folder / "b.png").read_bytes().startswith(PNG)
    assert (said.json["series"], said.json["n_bars"], said.json["n_lines"]) == ("AAPL.XNAS 1w", 60, 5)
    refused = served("screenshot", "AAPL", "--out", "c.png", "--indicator", "ema:0")
    assert refused.code == 4
    assert "EMA" in refused.err
    assert not (served.folder / "c.png").exists()


def test_samples_are_loaded_when_asked_for_and_only_then(trii: Trii) -> None:
    assert trii("instruments", "--json").json == []
    missing = trii("bars", "AAPL")
    assert missing.code == 3
    assert "trii import FILE" in missing.err
    said = trii("samples", "--json")
    assert said.code == 0, said.err
    assert {report["source"] for report in said.json["imports"]} == {"sample"}
    ids = {one["id"] for one in trii("instruments", "--json").json}
    assert ids == {"AAPL.XNAS", "MSFT.XNAS", "SPX.INDEX", "COMP.INDEX", "VIX.INDEX", "WTI.FRED"}


# --- keeping ----------------------------------------------------------------------------------------------------------


def test_a_backup_comes_back_on_a_new_machine_by_the_phrase_alone(served: Trii, tmp_path: Path) -> None:
    made = served("backup", "all.triibackup", "--json")
    assert made.code == 0, made.err
    assert made.json["verified"] is True
    assert served("backup", "all.triibackup").code == 6
    phrase = served("recovery", "show", "--json").json["phrase"]
    assert len(phrase.split()) == WORDS_IN_PHRASE
    assert phrase.split()[7] in served("recovery", "show").out

    new = Trii(type(served.home)(tmp_path / "new machine"), tmp_path)
    wrong = new("restore", "all.triibackup", "--phrase-file", "-", text="abandon " * 24)
    assert wrong.code == 4
    nobody = new("restore", "all.triibackup")
    assert nobody.code == 5
    assert "--phrase-file" in nobody.err
    restored = new("restore", "all.triibackup", "--phrase-file", "-", text=phrase + "\n")
    assert restored.code == 0, restored.err
    assert new("bars", "AAPL", "--csv").out == served("bars", "AAPL", "--csv").out
    assert new("recovery", "show", "--json").json["phrase"] == phrase
    assert new("restore", "all.triibackup").code == 6
    again = new("restore", "all.triibackup", "--replace", "--json")
    assert again.code == 0, again.err
    assert again.json["set_aside"]


def test_a_lost_key_comes_back_by_the_phrase(stocked: Trii) -> None:
    phrase = stocked("recovery", "show", "--json").json["phrase"]
    (stocked.folder / "phrase.txt").write_text(phrase)
    stocked.home.device_key.unlink()
    lost = stocked("bars", "AAPL")
    assert lost.code == 5
    assert "recovery restore" in lost.err
    assert stocked("recovery", "restore", "--phrase-file", "phrase.txt").code == 0
    assert stocked("bars", "AAPL", "--last", "1").code == 0


def test_a_passphrase_locks_the_key_of_a_home(either: Trii) -> None:
    secret = "correct horse battery staple"
    moved = either("recovery", "passphrase", "--passphrase-file", "-", "--json", text=secret + "\n")
    assert moved.code == 0, moved.err
    assert moved.json["custody"] == "passphrase"
    assert not either.home.device_key.exists()
    assert either.home.vault.exists()


def test_a_locked_home_opens_with_the_passphrase_of_the_environment_only(stocked: Trii) -> None:
    secret = "correct horse battery staple"
    assert stocked("recovery", "passphrase", "--passphrase-file", "-", text=secret).code == 0
    locked = stocked("bars", "AAPL", "--last", "1", "--json")
    assert (locked.code, locked.error["code"]) == (5, "vault.locked")
    assert stocked("bars", "AAPL", "--last", "1", env={"TRII_PASSPHRASE": "wrong"}).code == 4
    assert stocked("bars", "AAPL", "--last", "1", env={"TRII_PASSPHRASE": secret}).code == 0


def test_no_secret_can_be_given_on_the_command_line(trii: Trii) -> None:
    for words in (("restore", "x", "--phrase", "a b c"), ("recovery", "restore", "a"), ("recovery", "passphrase", "a")):
        assert trii(*words).code == 2


# --- the doctor -------------------------------------------------------------------------------------------------------


def findings_of(said) -> dict[str, dict]:
    return {finding["subject"]: finding for finding in said.json["findings"]}


def test_the_doctor_finds_a_sound_home_sound_and_an_unprotected_key_loudly(either: Trii) -> None:
    said = either("doctor", "--json")
    assert said.code == 0, said.out
    found = findings_of(said)
    assert found["money.db"]["health"] == found["words.db"]["health"] == found["market"]["health"] == "ok"
    assert found["market"]["n_bars"] == 3270 + 8321
    assert found["key"]["health"] == "warning"
    assert "NOT PROTECTED" in found["key"]["text"]
    assert found["backup"]["health"] == "warning"
    plain = either("doctor")
    assert plain.code == 0
    assert "NOT PROTECTED" in plain.out
    assert either("doctor", "--quick").code == 0


def test_the_doctor_on_a_home_that_holds_nothing_makes_no_stores(trii: Trii) -> None:
    said = trii("doctor", "--json")
    assert said.code == 0, said.out
    assert findings_of(said)["stores"]["health"] == "ok"
    assert not trii.home.key_record.exists()


def test_the_doctor_finds_a_damaged_segment_and_fails(stocked: Trii) -> None:
    segment = max((stocked.home.market / "segments").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(content)
    said = stocked("doctor", "--json")
    assert said.code == 1
    assert findings_of(said)["market"]["health"] == "problem"
    assert findings_of(said)["market"]["damaged"]


def test_the_doctor_tells_a_lost_key_instead_of_failing_over_it(stocked: Trii) -> None:
    stocked.home.device_key.unlink()
    said = stocked("doctor", "--json")
    assert said.code == 1
    assert findings_of(said)["stores"]["code"] == "key.lost"


def test_the_doctor_names_crash_reports(stocked: Trii) -> None:
    (stocked.home.crashes / "crash-1.json").write_text("{}")
    assert "crash-1.json" in findings_of(stocked("doctor", "--json", "--quick"))["crashes"]["text"]


# --- indicators -------------------------------------------------------------------------------------------------------


def test_indicators_are_listed_found_and_told_about(served: Trii) -> None:
    names = [row["name"] for row in served("indicators", "list", "--json").json]
    assert len(names) >= 14
    assert "heikin_ashi" not in names
    assert served("indicators", "list", "average", "--json").json[0]["family"] == "Averages"
    assert "Wilder" in served("indicators", "show", "RSI").out
    said = served("indicators", "show", "rsy")
    assert said.code == 3
    assert "rsi" in said.err


def test_an_indicator_is_computed_from_the_first_stored_bar_whatever_is_shown(either: Trii) -> None:
    either("samples")
    few = either("indicators", "compute", "EMA", "AAPL", "--set", "period=50", "--last", "3", "--json").json
    many = either("indicators", "compute", "ema", "AAPL", "--set", "period=50", "--json").json
    assert few["values"]["value"] == many["values"]["value"][-3:]
    assert many["values"]["value"][0] is None
    table = either("indicators", "compute", "bollinger", "AAPL", "--last", "2").out
    assert table.split()[:5] == ["time", "close", "upper", "middle", "lower"]
    for wrong in (("--set", "period=0"), ("--set", "period"), ("--price", "colour")):
        said = either("indicators", "compute", "sma", "AAPL", *wrong)
        assert said.code in (2, 4), said
