"""Small sound files of every kind, and ways to break them, by seed."""

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from functools import cache

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

N_ROWS = 30


def rows():
    """Daily bars: date, open, high, low, close, volume."""
    return [(f"2020-{1 + d // 28:02d}-{1 + d % 28:02d}", 10 + d, 12.5 + d, 9.25 + d, 11 + d, 100 * d) for d in range(N_ROWS)]


NAMES = ["Date", "Open", "High", "Low", "Close", "Volume"]


def csv_text(delimiter=",", *, names=True):
    lines = [delimiter.join(NAMES)] if names else []
    return "\n".join([*lines, *(delimiter.join(map(str, row)) for row in rows())]) + "\n"


@cache
def text_bases():
    metatrader = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n" + "".join(
        f"2020.01.02\t00:{i:02d}:00\t1.1\t1.2\t1.0\t1.15\t{i}\t0\t2\n" for i in range(N_ROWS)
    )
    klines = "".join(f"{1577836800000 + i * 60000},1,2,0.5,1.5,10,{1577836859999 + i * 60000},1,2,3,4,0\n" for i in range(N_ROWS))
    european = "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\n" + "".join(
        f"{1 + i % 28:02d}.{1 + i // 28:02d}.2020;{10 + i},5;{12 + i},5;{9 + i},25;{11 + i},0;1.{i:03d}\n" for i in range(N_ROWS)
    )
    quoted = '"Date","Price","Vol.","Change %"\n' + "".join(
        f'"Jan {1 + i % 28:02d}, 2020","1,{i:03d}.50","{i}.5K","1%"\n' for i in range(28)
    )
    texts = [csv_text(), csv_text(";"), csv_text("\t", names=False), metatrader, klines, quoted, csv_text("|")]
    return [
        *(text.encode() for text in texts),
        european.encode("cp1252"),
        csv_text().encode("utf-16"),
        b"\xef\xbb\xbf" + csv_text().encode(),
    ]


@cache
def json_bases():
    records = [dict(zip(NAMES, row, strict=True)) for row in rows()]
    columns = {name: [row[i] for row in rows()] for i, name in enumerate(NAMES)}
    klines = [
        [1577836800000 + i * 60000, "1", "2", "0.5", "1.5", "10", 1577836859999 + i * 60000, "1", 2, "3", "4", "0"]
        for i in range(N_ROWS)
    ]
    vantage = {
        "Time Series (Daily)": {
            row[0]: dict(zip(["1. open", "2. high", "3. low", "4. close"], row[1:], strict=False)) for row in rows()
        }
    }
    documents = [
        records,
        columns,
        klines,
        vantage,
        {
            "chart": {
                "result": [
                    {
                        "timestamp": [1577836800 + 60 * i for i in range(9)],
                        "indicators": {"quote": [{"open": [1] * 9, "high": [2] * 9, "low": [1] * 9, "close": [2] * 9}]},
                    }
                ]
            }
        },
    ]
    lines = "\n".join(json.dumps(record) for record in records)
    return [*(json.dumps(document).encode() for document in documents), lines.encode()]


def arrow_table():
    columns = list(zip(*rows(), strict=True))
    times = pa.array(np.array(columns[0], "datetime64[ns]"))
    table = {"Date": times, **{name: pa.array(columns[i]) for i, name in enumerate(NAMES) if i}}
    return pa.table(
        {**table, "Symbol": pa.array(["AAPL"] * N_ROWS).dictionary_encode(), "Note": pa.array(["x" * i for i in range(N_ROWS)])}
    )


@cache
def parquet_bases():
    made = []
    for codec in ("snappy", "zstd", "none", "gzip"):
        sink = io.BytesIO()
        pq.write_table(arrow_table(), sink, compression=codec, row_group_size=11)
        made.append(sink.getvalue())
    return made


@cache
def arrow_bases():
    made = []
    for codec in (None, "lz4", "zstd"):
        for new in (ipc.new_file, ipc.new_stream):
            sink = io.BytesIO()
            table = arrow_table()
            with new(sink, table.schema, options=ipc.IpcWriteOptions(compression=codec)) as writer:
                writer.write_table(table, 11)
            made.append(sink.getvalue())
    return made


@cache
def archive_bases():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/AAPL_1d.csv", csv_text())
        archive.writestr("folder\\MSFT_1d.csv", csv_text(";"))
        archive.writestr("read me.txt", "Nothing here.")
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr("inner.zip", sink.getvalue())
    return [sink.getvalue(), nested.getvalue(), gzip.compress(csv_text().encode()), gzip.compress(parquet_bases()[0])]


@cache
def sheet_bases():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "AAPL"
    sheet.append(NAMES)
    for row in rows():
        sheet.append(row)
    book.create_sheet("Notes").append(["=1+1", "<b>bold</b>", "=cmd|'/C calc'!A0"])
    sink = io.BytesIO()
    book.save(sink)
    return [sink.getvalue()]


BASES: dict[str, Callable[[], list[bytes]]] = {
    "text": text_bases,
    "json": json_bases,
    "parquet": parquet_bases,
    "arrow": arrow_bases,
    "archive": archive_bases,
    "sheet": sheet_bases,
}
SUFFIXES = {"text": ".csv", "json": ".json", "parquet": ".parquet", "arrow": ".arrow", "archive": ".zip", "sheet": ".xlsx"}

TEXT_JUNK = [
    b"\xe2\x80\xae",
    b"\x00" * 8, b'"' * 5, b"\xff\xfe", b",,,,,,,,", b";", b"\r", b"\n\n\n", b"9" * 5000, b"1e999", b"NaN", b"-inf",
    b"=cmd|'/C calc'!A0", b"2020-02-30", b"31/12/9999", b"99999999999999999999", b"0x41", b"<script>", b"'; DROP TABLE imports; --",
    b"[" * 3000, b'{"a":' * 3000, b"\\u0000", b"\xed\xa0\x80", b"sep=,\n", b"\t\t\t", b"1,234,567.89",
]  # fmt: skip


def break_bytes(content: bytes, random_: random.Random) -> bytes:
    """Cut, flip, overwrite, repeat or insert, a few times."""
    broken = bytearray(content)
    for _ in range(random_.randrange(1, 4)):
        if not broken:
            return b""
        place = random_.randrange(len(broken))
        kind = random_.randrange(8)
        if kind == 0:
            del broken[place:]
        elif kind == 1:
            for _ in range(random_.randrange(1, 12)):
                broken[random_.randrange(len(broken))] ^= 1 << random_.randrange(8)
        elif kind == 2:
            broken[place : place + 8] = random_.choice([b"\xff" * 8, b"\x00" * 8, (2**62).to_bytes(8, "little"), b"\x7f" * 4])
        elif kind == 3:
            broken[place:place] = random_.choice(TEXT_JUNK)
        elif kind == 4:
            end = min(len(broken), place + random_.randrange(200))
            broken[place:place] = broken[place:end] * random_.randrange(1, 4)
        elif kind == 5:
            del broken[place : place + random_.randrange(100)]
        elif kind == 6:
            tail = max(0, len(broken) - 600)
            for _ in range(4):
                broken[random_.randrange(tail, len(broken))] = random_.randrange(256)
        else:
            old, new = random_.choice(b',;\t.\n"0123456789-: '), random_.choice(b',;\t.\n"0123456789-: ')
            broken = broken.replace(bytes([old]), bytes([new]), random_.randrange(1, 30))
    return bytes(broken)


def broken_file(kind: str, seed: int) -> bytes:
    """One broken file; the same for the same kind and seed."""
    random_ = random.Random(f"{kind} {seed}")
    base = random_.choice(BASES[kind]())
    if kind == "sheet" and random_.random() < 0.7:
        return break_members(base, random_)
    return break_bytes(base, random_)


XML_JUNK = [
    b'<c r="XFD1048576"><v>1</v></c>',
    b'<dimension ref="A1:XFD1048576"/>',
    b"&a;&a;&a;&a;",
    b"&#0;",
    b"<x>" * 5000,
    b'<c r="ZZZZZZ99999999"><v>1</v></c>',
    b"<v>999999999</v>",
    b"<![CDATA[",
    b"<row r='1048577'>",
    b"<v>1e400</v>",
]
DOCTYPE = (
    b'<!DOCTYPE x [<!ENTITY a "'
    + b"A" * 1000
    + b'"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
)


def break_members(workbook: bytes, random_: random.Random) -> bytes:
    """A workbook whose archive is sound and whose parts are not."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        victims = {random_.choice(source.namelist()) for _ in range(2)} | {"xl/worksheets/sheet1.xml"}
        for name in source.namelist():
            content = source.read(name)
            if name in victims and random_.random() < 0.7:
                kind = random_.randrange(4)
                place = random_.randrange(len(content))
                if kind == 0:
                    content = content[:place] + random_.choice(XML_JUNK) + content[place:]
                elif kind == 1:
                    content = content.replace(b"?>", b"?>" + DOCTYPE, 1).replace(b"<v>", b"<v>&b;&f;", 3)
                elif kind == 2:
                    content = content.replace(b"</row>", random_.choice(XML_JUNK) + b"</row>", 2)
                else:
                    content = break_bytes(content, random_)
            if random_.random() > 0.03:
                target.writestr(name, content)
    return sink.getvalue()
