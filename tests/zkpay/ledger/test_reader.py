"""Files of contributions: what is read, and every error with its file, line, column, value and remedy."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from zkpay.errors import InputError
from zkpay.ledger.accounts import parse_account
from zkpay.ledger.contributions import Contributions, count_by_reason
from zkpay.ledger.fields import UNDECLARED, NumberField, SymbolField
from zkpay.ledger.fingerprints import fingerprint_key
from zkpay.ledger.parquet_tables import text_columns
from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.ledger.raw_table import file_columns
from zkpay.ledger.reader import read_contributions
from zkpay.ledger.rules import Rules

KIND = SymbolField("kind", ("data", "model"))
RULES = Rules(
    (KIND, NumberField("quantity", 1000), NumberField("quality", 10_000)),
    unique=(("fingerprint",),),
    reasons=("spam", "withdrawn"),
)
PLAIN = Rules((KIND, NumberField("quantity", 2**96), NumberField("quality", 2**28 - 1)), reasons=("spam",))
HEADER = "contribution_id,account,kind,quantity,quality,fingerprint,status,reason"
NAMES = ("accepted", "duplicate", "out_of_range", "undeclared", "spam", "withdrawn")
ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

Row = dict[str, Any]


def row(number: int, **changes: Any) -> Row:
    """A sound record, no two alike, with changes."""
    return {
        "contribution_id": f"c{number}",
        "account": "alice",
        "kind": "data",
        "quantity": str(number),
        "quality": "10000",
        "fingerprint": f"{number:04x}",
        "status": "",
        "reason": "",
    } | changes


class Files:
    """The same rows in each format."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def csv(self, rows: list[Row]) -> Path:
        lines = [HEADER] + [",".join(str(entry[name]) for name in HEADER.split(",")) for entry in rows]
        return self.text("rows.csv", "\n".join(lines) + "\n")

    def jsonl(self, rows: list[Row]) -> Path:
        return self.text("rows.jsonl", "".join(json.dumps(entry) + "\n" for entry in rows))

    def parquet(self, rows: list[Row]) -> Path:
        table = pa.table({name: [entry[name] for entry in rows] for name in HEADER.split(",")})
        path = self.folder / "rows.parquet"
        parquet.write_table(table, path)
        return path

    def text(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def problems_of(path: Path, rules: Rules = RULES) -> tuple[Problem, ...]:
    with pytest.raises(MalformedFile) as caught:
        read_contributions(path, rules)
    assert isinstance(caught.value, InputError)
    assert caught.value.exit_code == 4
    for problem in caught.value.problems:
        assert problem.source == str(path)
        assert problem.why
        assert problem.remedy
        assert str(problem) in str(caught.value)
        if problem.line:
            assert f"{path}, {problem.line_word} {problem.line}: " in str(problem)
        if problem.column:
            assert problem.column in str(problem)
    return caught.value.problems


def only_problem(path: Path, rules: Rules = RULES) -> Problem:
    found = problems_of(path, rules)
    assert len(found) == 1, found
    return found[0]


def equal(one: Contributions, other: Contributions) -> bool:
    return one.to_bytes() == other.to_bytes()


def csv_text(*rows: Row) -> str:
    return "\n".join([HEADER, *[",".join(str(entry[name]) for name in HEADER.split(",")) for entry in rows]])


class TestReading:
    rows: ClassVar = [
        row(1, account=ADDRESS, quantity="1000", fingerprint="0xABcd"),
        row(2, kind="model", quality="0", quantity="000"),
        row(3, fingerprint="abCD"),
        row(4, kind="video", status="rejected", reason="undeclared"),
        row(5, quantity=str(2**14 - 1), status="rejected", reason="out_of_range"),
        row(6, quality=str(2**28 - 1), status="rejected", reason="out_of_range", account="bob ä"),
        row(7, status="rejected", reason="spam"),
        row(8, status="accepted"),
        row(9, status="accepted", reason="accepted"),
        row(10, fingerprint="ABCD", status="rejected", reason="duplicate"),
    ]

    @pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
    def test_rows_become_columns(self, files: Files, form: str) -> None:
        read = read_contributions(getattr(files, form)(self.rows), RULES)
        assert read.ids == [f"c{number}" for number in range(1, 11)]
        assert [bytes(account) for account in read.accounts] == [parse_account(entry["account"]) for entry in self.rows]
        assert read.account_names == [entry["account"] for entry in self.rows]
        assert read.symbols["kind"].tolist() == [0, 1, 0, UNDECLARED] + [0] * 6
        for name in ("quantity", "quality"):
            assert read.number_values(name).tolist() == [int(entry[name]) for entry in self.rows]
        assert read.replaces.tolist() == [-1] * 10
        keys = [fingerprint_key(bytes.fromhex(entry["fingerprint"][-4:])) for entry in self.rows]
        assert [tuple(key) for key in read.fingerprint_keys.T.tolist()] == keys
        reasons = ["accepted", "accepted", "duplicate", "undeclared", "out_of_range", "out_of_range"]
        reasons += ["spam", "accepted", "accepted", "duplicate"]
        assert [RULES.reason_names[code] for code in read.reason] == reasons
        assert count_by_reason(read, RULES) == {name: reasons.count(name) for name in NAMES}

    def test_all_formats_agree(self, files: Files) -> None:
        csv = read_contributions(files.csv(self.rows), RULES)
        assert equal(csv, read_contributions(files.jsonl(self.rows), RULES))
        assert equal(csv, read_contributions(files.parquet(self.rows), RULES))

    def test_numbers_of_json_and_parquet_types(self, files: Files) -> None:
        rows = [row(1, quantity=5, quality=10_000), row(2, quantity=999, quality=0)]
        text = read_contributions(files.csv(rows), RULES)
        assert equal(text, read_contributions(files.jsonl(rows), RULES))
        assert equal(text, read_contributions(files.parquet(rows), RULES))
        table = pa.table({name: [entry[name] for entry in rows] for name in HEADER.split(",")})
        wide = [pa.array([Decimal(5), Decimal(999)], type=pa.decimal128(38, 0)), table["kind"].dictionary_encode()]
        table = table.set_column(3, "quantity", wide[0]).set_column(2, "kind", wide[1])
        parquet.write_table(table, files.folder / "wide.parquet")
        assert equal(text, read_contributions(files.folder / "wide.parquet", RULES))

    def test_optional_columns_may_be_absent_and_null(self, files: Files) -> None:
        names = ["contribution_id", "account", "kind", "quantity", "quality"]
        rows = [{name: row(number)[name] for name in names} for number in range(3)]
        csv = files.text("a.csv", "\n".join([",".join(names), *[",".join(entry.values()) for entry in rows]]))
        read = read_contributions(csv, PLAIN)
        assert not read.fingerprint_keys.any()
        assert not read.reason.any()
        nulls = [entry | {"fingerprint": None, "status": None, "reason": None} for entry in rows]
        assert equal(read, read_contributions(files.jsonl(rows), PLAIN))
        assert equal(read, read_contributions(files.jsonl(nulls), PLAIN))
        assert equal(read, read_contributions(files.parquet(nulls), PLAIN))

    def test_columns_in_any_order_quoted_with_mark_and_line_ends_of_any_system(self, files: Files) -> None:
        expected = read_contributions(files.csv([row(1), row(2)]), RULES)
        text = '"account",kind,quantity,quality,fingerprint,contribution_id\n'
        text += 'alice,"data","1",10000,0001,c1\n\n"alice",data,2,10000,0002,"c2"'
        for end in ("\n", "\r\n", "\r"):
            encoded = b"\xef\xbb\xbf" + ("\n" + text).replace("\n", end).encode()
            assert equal(expected, read_contributions(files.text("b.csv", encoded), RULES))

    def test_quoted_values_with_commas(self, files: Files) -> None:
        path = files.text("q.csv", csv_text(row(1, account='"Miller, ""Al"""')))
        assert read_contributions(path, RULES).account_names == ['Miller, "Al"']

    def test_header_alone_is_an_empty_epoch(self, files: Files) -> None:
        for text in (HEADER, HEADER + "\n", HEADER + "\r\n\r\n"):
            assert len(read_contributions(files.text("e.csv", text), RULES)) == 0
        empty = pa.table({name: pa.array([], type=pa.string()) for name in HEADER.split(",")})
        parquet.write_table(empty, files.folder / "e.parquet")
        assert len(read_contributions(files.folder / "e.parquet", RULES)) == 0

    def test_same_fingerprint_without_the_rule_is_no_duplicate(self, files: Files) -> None:
        read = read_contributions(files.csv([row(1), row(2, fingerprint="0001")]), PLAIN)
        assert read.reason.tolist() == [0, 0]

    @given(st.lists(st.tuples(st.integers(0, 2**98 - 1), st.integers(0, 3)), max_size=12))
    def test_quantities_and_copies(self, tmp_path_factory: pytest.TempPathFactory, values: Any) -> None:
        files = Files(tmp_path_factory.mktemp("rows"))
        rows = [
            row(number, quantity=str(quantity), fingerprint=f"{content:02x}")
            for number, (quantity, content) in enumerate(values)
        ]
        rules = Rules((KIND, NumberField("quantity", 2**98 - 1), NumberField("quality", 10_000)), (("fingerprint",),))
        read = read_contributions(files.csv(rows), rules)
        assert read.number_values("quantity").tolist() == [quantity for quantity, _ in values]
        contents = [content for _, content in values]
        assert read.reason.tolist() == [int(content in contents[:i]) for i, content in enumerate(contents)]


class TestDuplicates:
    def test_rejected_record_is_no_original(self, files: Files) -> None:
        rows = [
            row(1, fingerprint="aa", status="rejected", reason="spam"),
            row(2, fingerprint="aa", kind="video", status="rejected", reason="undeclared"),
            row(3, fingerprint="aa"),
            row(4, fingerprint="aa"),
        ]
        assert read_contributions(files.csv(rows), RULES).reason.tolist() == [8, 3, 0, 1]

    def test_two_records_marked_accepted(self, files: Files) -> None:
        rows = [row(1), row(2, status="accepted"), row(3, fingerprint="0002", status="accepted")]
        problem = only_problem(files.csv(rows))
        assert (problem.line, problem.column, problem.value) == (4, "fingerprint", "0002")
        assert "line 3 has the same fingerprint" in problem.why
        assert "reason=duplicate" in problem.remedy

    def test_copy_marked_accepted_after_an_original_without_status(self, files: Files) -> None:
        problem = only_problem(files.jsonl([row(1), row(2, fingerprint="0001", status="accepted")]))
        assert problem.line == 2
        assert "line 1 has the same" in problem.why

    def test_original_marked_as_duplicate(self, files: Files) -> None:
        rows = [row(1, fingerprint="aa", status="rejected", reason="duplicate"), row(2, fingerprint="aa")]
        problem = only_problem(files.csv(rows))
        assert (problem.line, problem.column, problem.value) == (2, "reason", "duplicate")
        assert "no earlier record" in problem.why

    def test_duplicate_without_the_rule(self, files: Files) -> None:
        rows = [row(1), row(2, fingerprint="0001", status="rejected", reason="duplicate")]
        problem = only_problem(files.csv(rows), PLAIN)
        assert (problem.line, problem.column) == (3, "reason")
        assert "no rule against duplicates" in problem.why

    @pytest.mark.parametrize("change", [{"quantity": "1001"}, {"kind": "video"}])
    def test_duplicate_that_breaks_another_rule(self, files: Files, change: Row) -> None:
        rows = [row(1), row(2, fingerprint="0001", status="rejected", reason="duplicate", **change)]
        problem = only_problem(files.csv(rows))
        assert (problem.line, problem.column) == (3, "reason")


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("changes", "column", "value", "why", "remedy"),
    [
        ({"contribution_id": ""}, "contribution_id", "", "missing", "write"),
        ({"contribution_id": "x" * 129}, "contribution_id", "x" * 129, "too long", "128"),
        ({"contribution_id": "a\tb"}, "contribution_id", "a\tb", "control character", "remove"),
        ({"contribution_id": "c1"}, "contribution_id", "c1", "has the same contribution_id", "own"),
        ({"account": ""}, "account", "", "empty", "write"),
        ({"account": ADDRESS.replace("5aA", "5AA")}, "account", None, "checksum", ADDRESS),
        ({"account": "0x123"}, "account", "0x123", "not an address", "40"),
        ({"kind": ""}, "kind", "", "missing", "write"),
        ({"kind": "a\tb"}, "kind", "a\tb", "control character", "remove"),
        ({"kind": "video"}, "kind", "video", "not a value that the policy declares", "reason=undeclared"),
        (
            {"kind": "video", "status": "accepted"},
            "kind",
            "video",
            "not a value that the policy declares",
            "reason=undeclared",
        ),
        ({"kind": "Data"}, "kind", "Data", "declares (data, model)", "mend"),
        ({"quantity": ""}, "quantity", "", "missing", "write"),
        ({"quantity": "-5"}, "quantity", "-5", "negative", "0 or more"),
        ({"quantity": "+5"}, "quantity", "+5", "not a whole number", "units"),
        ({"quantity": "1.0"}, "quantity", "1.0", "not a whole number", "units"),
        ({"quantity": "1e3"}, "quantity", "1e3", "not a whole number", "exponents"),
        ({"quantity": "1 000"}, "quantity", "1 000", "not a number", "digits"),
        ({"quantity": "1_000"}, "quantity", "1_000", "not a number", "digits"),
        ({"quantity": "0x10"}, "quantity", "0x10", "not a number", "digits"),
        ({"quantity": "nan"}, "quantity", "nan", "not a number", "digits"),
        ({"quantity": " 5"}, "quantity", " 5", "not a number", "digits"),
        ({"quantity": "\u0665"}, "quantity", "\u0665", "not a number", "digits"),
        ({"quantity": "9" * 65}, "quantity", "9" * 65, "64 digits", "mend"),
        ({"quantity": str(2**14)}, "quantity", str(2**14), "2^14", "mend"),
        ({"quantity": str(2**128 + 5)}, "quantity", None, "2^14", "maximum is 1000"),
        ({"quantity": "1001"}, "quantity", "1001", "maximum of 1000", "reason=out_of_range"),
        ({"quantity": "1001", "status": "accepted"}, "quantity", "1001", "maximum", "out_of_range"),
        ({"quality": "10001"}, "quality", "10001", "maximum of 10000", "reason=out_of_range"),
        ({"quality": "0.5"}, "quality", "0.5", "not a whole number", "units"),
        ({"quality": str(2**28)}, "quality", str(2**28), "2^28", "mend"),
        ({"quality": str(2**28), "status": "rejected", "reason": "spam"}, "quality", None, "2^28", "mend"),
        ({"fingerprint": ""}, "fingerprint", "", "missing", "hash"),
        ({"fingerprint": "abc"}, "fingerprint", "abc", "not a fingerprint", "hexadecimal"),
        ({"fingerprint": "0x"}, "fingerprint", "0x", "not a fingerprint", "hexadecimal"),
        ({"fingerprint": "zz"}, "fingerprint", "zz", "not a fingerprint", "hexadecimal"),
        ({"fingerprint": "ab" * 257}, "fingerprint", None, "not a fingerprint", "256"),
        ({"status": "Rejected", "reason": ""}, "status", "Rejected", "not a status", "accepted, rejected"),
        ({"status": "rejected", "reason": "ugly"}, "reason", "ugly", "not a reason", "spam"),
        ({"status": "rejected"}, "reason", "", "needs a reason", "withdrawn"),
        ({"status": "rejected", "reason": "accepted"}, "reason", "accepted", "needs a reason", "spam"),
        ({"reason": "spam"}, "reason", "spam", "isn't rejected", "status=rejected"),
        ({"status": "accepted", "reason": "spam"}, "reason", "spam", "isn't rejected", "status=rejected"),
        ({"status": "rejected", "reason": "out_of_range"}, "reason", "out_of_range", "within", "mend"),
        ({"status": "rejected", "reason": "undeclared"}, "reason", "undeclared", "declares all", "mend"),
    ],
)
def test_refused_with_place_and_value(
    files: Files, form: str, changes: Row, column: str, value: str | None, why: str, remedy: str
) -> None:
    path = getattr(files, form)([row(1), row(2, **changes), row(3)])
    problem = only_problem(path)
    assert problem.line == {"csv": 3, "jsonl": 2, "parquet": 2}[form]
    assert problem.line_word == ("row" if form == "parquet" else "line")
    assert problem.column == column
    assert why in problem.why
    assert remedy in problem.remedy
    if value is not None:
        assert problem.value == value


def test_duplicate_id_names_both_lines(files: Files) -> None:
    problem = only_problem(files.csv([row(1), row(2), row(3, contribution_id="c1")]))
    assert problem.line == 4
    assert "line 2 has the same contribution_id" in problem.why


def test_lines_are_those_of_the_file(files: Files) -> None:
    lines = csv_text(row(1), row(2, quantity="x"), row(3), row(4, quality="y")).split("\n")
    plain = "\n\n".join(lines)
    assert [problem.line for problem in problems_of(files.text("a.csv", plain))] == [5, 9]
    assert [p.line for p in problems_of(files.text("a.csv", plain.replace("\n", "\r\n")))] == [5, 9]
    quoted = "\n".join([lines[0], '"a\nb"' + lines[1][2:], *lines[2:]])
    assert [problem.line for problem in problems_of(files.text("a.csv", quoted))] == [2, 4, 6]


def test_unclosed_quote_never_swallows_rows(files: Files) -> None:
    rows = [row(1, status="rejected", reason="undeclared", kind='"video'), row(2), row(3, kind='data"')]
    for problem in problems_of(files.csv(rows)):
        assert problem.line in (0, 2)
    header = "contribution_id,account,quantity,quality,fingerprint,status,reason,kind\n"
    text = header + 'c1,alice,1,1,aa,rejected,undeclared,"video\nc2,alice,1,1,bb,,,data\n'
    problem = only_problem(files.text("s.csv", text))
    assert (problem.line, problem.column) == (2, "kind")
    assert "line end" in problem.why


def test_all_errors_at_once_in_file_order(files: Files) -> None:
    rows = [row(1, quality="x"), row(2), row(3, account="0x1", kind="video"), row(4, quantity="9999")]
    found = [(problem.line, problem.column) for problem in problems_of(files.csv(rows))]
    assert found == [(2, "quality"), (4, "account"), (5, "quantity")]


def test_at_most_100_errors_are_listed_and_all_are_counted(files: Files) -> None:
    rows = [row(number, quantity="x", account="") for number in range(300)]
    path = files.csv(rows)
    found = problems_of(path)
    assert len(found) == 100
    assert [problem.line for problem in found] == sorted([*range(2, 52), *range(2, 52)])
    with pytest.raises(InputError, match=r"600 errors, nothing was read(.|\n)*500 more"):
        read_contributions(path, RULES)


def test_rows_of_another_width(files: Files) -> None:
    lines = csv_text(row(1), row(2), row(3, quantity="x"), row(4)).split("\n")
    lines[1] += ",more"
    lines[4] = "c4,alice"
    found = problems_of(files.text("w.csv", "\n".join(lines)))
    assert [problem.line for problem in found] == [2, 4, 5]
    assert "9 values under 8 columns" in found[0].why
    assert found[1].value == "x"
    assert (found[2].value, "2 values under 8 columns" in found[2].why) == ("c4,alice", True)


class TestHeader:
    @pytest.mark.parametrize("name", ["contribution_id", "account", "kind", "quantity", "quality", "fingerprint"])
    def test_missing_column(self, files: Files, name: str) -> None:
        names = [other for other in HEADER.split(",") if other != name]
        problem = only_problem(files.text("m.csv", "\n" + ",".join(names) + "\n"))
        assert (problem.line, problem.column) == (2, name)
        assert "missing" in problem.why
        table = pa.table({other: pa.array([], type=pa.string()) for other in names})
        parquet.write_table(table, files.folder / "m.parquet")
        assert only_problem(files.folder / "m.parquet").column == name
        entry = {key: value for key, value in row(1).items() if key != name}
        problem = only_problem(files.jsonl([row(2), entry]))
        assert (problem.line, problem.column, problem.why) == (2, name, "missing")

    def test_column_that_is_not_known(self, files: Files) -> None:
        text = HEADER.replace(",status", ",statuss")
        problem = only_problem(files.text("m.csv", text))
        assert (problem.line, problem.column) == (1, "statuss")
        assert "meant to be status" in problem.remedy
        problem = only_problem(files.jsonl([row(1) | {"note": "x"}]))
        assert (problem.line, problem.column) == (1, "note")

    def test_column_twice(self, files: Files) -> None:
        problem = only_problem(files.text("m.csv", HEADER + ",kind\n"))
        assert (problem.line, problem.column) == (1, "kind")
        assert "two columns" in problem.why

    def test_semicolons(self, files: Files) -> None:
        found = problems_of(files.text("m.csv", HEADER.replace(",", ";")))
        assert any("semicolons" in problem.remedy for problem in found)


class TestFiles:
    @pytest.mark.parametrize("name", ["e.csv", "e.jsonl", "e.parquet"])
    def test_empty(self, files: Files, name: str) -> None:
        assert "empty" in only_problem(files.text(name, "")).why

    def test_nothing_but_line_ends_or_a_mark(self, files: Files) -> None:
        for text in (b"\n\n", b"\xef\xbb\xbf"):
            assert "empty" in only_problem(files.text("e.csv", text)).why

    @pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
    def test_not_utf_8(self, files: Files, name: str) -> None:
        problem = only_problem(files.text(name, b"a\nb\n\xe4\n"))
        assert problem.line == 3
        assert "0xe4" in problem.why
        assert "UTF-8" in problem.remedy
        assert "UTF-8" in only_problem(files.text(name, HEADER.encode("utf-16"))).remedy

    def test_absent_and_unreadable(self, files: Files) -> None:
        for suffix in ("csv", "jsonl", "parquet"):
            with pytest.raises(InputError, match="can't be read"):
                read_contributions(files.folder / f"absent.{suffix}", RULES)
        (files.folder / "folder.csv").mkdir()
        with pytest.raises(InputError, match="not a plain file"):
            read_contributions(files.folder / "folder.csv", RULES)

    @pytest.mark.parametrize("text", ["\t", "\n", " \r\n\t\n"])
    def test_jsonl_of_blank_lines(self, files: Files, text: str) -> None:
        assert "no record" in only_problem(files.text("x.jsonl", text)).why

    def test_suffix(self, files: Files) -> None:
        for name in ("x.xlsx", "x"):
            problem = only_problem(files.text(name, "x"))
            assert ".csv, .jsonl" in problem.remedy
        with pytest.raises(MalformedFile, match=r"a folder, not a plain file; give a file of contributions: \.csv"):
            read_contributions(files.folder, RULES)

    def test_damaged_parquet(self, files: Files) -> None:
        content = files.parquet([row(1), row(2)]).read_bytes()
        for wrong in (b"PAR1", b"junk" * 100, content[:-5], content[:100] + content[200:]):
            problem = only_problem(files.text("d.parquet", wrong))
            assert "Parquet" in problem.why

    def test_parquet_whose_groups_claim_other_rows(self, files: Files) -> None:
        content = files.parquet([row(number) for number in range(437)]).read_bytes()
        footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        # 437 as Thrift's compact protocol writes it: for the file, for each column, and last for the group of rows.
        count = b"\x16\xea\x06"
        at = content.rindex(count)
        assert content.count(count, footer) == 2 + len(HEADER.split(","))
        for claimed in (b"\x16\xec\x06", b"\x16\x80\x80\x80\x80\x80\x08", b"\x16\x01"):
            wrong = content[:at] + claimed + content[at + len(count) : -8]
            path = files.text("d.parquet", wrong + (len(wrong) - footer).to_bytes(4, "little") + b"PAR1")
            # Here, without the limits of a process of its own: 2^36 rows must be refused before room is made.
            with pytest.raises(MalformedFile, match="groups of rows don't add up"):
                text_columns(str(path), file_columns(RULES))

    def test_parquet_columns_of_a_wrong_type(self, files: Files) -> None:
        rows = [row(1, quantity=1.0, quality=Decimal("1.5"), account=5, fingerprint=b"\x01", status=True)]
        found = {problem.column: problem.why for problem in problems_of(files.parquet(rows))}
        assert set(found) == {"quantity", "quality", "account", "fingerprint", "status"}
        assert "double" in found["quantity"]

    def test_more_records_than_an_epoch_has(self, files: Files) -> None:
        text = HEADER + "\n" + "a,b,c,1,1,aa,,\n" * (2**21 + 1)
        assert "2,097,152" in only_problem(files.text("n.csv", text)).why


@pytest.mark.parametrize(
    ("line", "column", "value", "why"),
    [
        ("{", "", "{", "not a JSON object"),
        ("[1]", "", "[1]", "not a JSON object"),
        ('"x"', "", '"x"', "not a JSON object"),
        ("5", "", "5", "not a JSON object"),
        ("{} {}", "", "{} {}", "not a JSON object"),
        ("[" * 100_000, "", None, "not a JSON object"),
        ('{"kind": "data", "kind": "data"}', "", None, "a key stands twice"),
        (json.dumps(row(1, quantity=1.5)), "quantity", "1.5", "not a whole number"),
        (json.dumps(row(1, quantity=-1)), "quantity", "-1", "negative"),
        (json.dumps(row(1)).replace('"10000"', "1e3"), "quality", "1e3", "not a whole number"),
        (json.dumps(row(1, quantity=float("nan"))), "quantity", "NaN", "not a number"),
        (json.dumps(row(1)).replace('"10000"', "9" * 5000), "quality", None, "64 digits"),
        (json.dumps(row(1, quantity=True)), "quantity", "true", "wrong type"),
        (json.dumps(row(1, quantity=[1])), "quantity", "[...]", "wrong type"),
        (json.dumps(row(1, quantity=None)), "quantity", "", "missing"),
        (json.dumps(row(1, account=5)), "account", "5", "wrong type"),
        (json.dumps(row(1, kind={"a": 1})), "kind", "{...}", "wrong type"),
        (json.dumps(row(1, account="\ud800")), "account", "\ud800", "surrogate"),
    ],
)
def test_json_lines_that_are_refused(files: Files, line: str, column: str, value: str | None, why: str) -> None:
    path = files.text("x.jsonl", "\n" + line + "\n" + json.dumps(row(2)) + "\n")
    problem = only_problem(path)
    assert (problem.line, problem.column) == (2, column)
    assert why in problem.why
    if value is not None:
        assert problem.value == value


def test_message_shows_control_characters_escaped_and_long_values_cut(files: Files) -> None:
    path = files.jsonl([row(1, kind="a\x1b[31m\n"), row(2, quantity="9" * 500)])
    with pytest.raises(InputError) as caught:
        read_contributions(path, RULES)
    message = str(caught.value)
    assert "\x1b" not in message
    assert '"a\\x1b[31m\\n"' in message
    assert "9" * 81 not in message


@given(st.binary(max_size=120), st.sampled_from([".csv", ".jsonl", ".parquet"]))
def test_any_bytes_end_in_an_input_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes, suffix: str) -> None:
    path = tmp_path_factory.mktemp("raw") / f"x{suffix}"
    path.write_bytes(raw)
    with pytest.raises(InputError):
        read_contributions(path, RULES)


@given(st.text(alphabet=[*'",;\r\n\t 05xa.-', "\0", "ä", "\u2028"], max_size=60))
def test_any_text_under_a_sound_header_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("raw") / "x.csv"
    path.write_bytes(f"{csv_text(row(1))}\n{text}".encode())
    try:
        read = read_contributions(path, RULES)
    except InputError:
        return
    assert np.array_equal(read.reason, [0] * len(read))
