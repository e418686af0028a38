"""The rules at intake: against a walk of the records one by one, and every message that they can give."""

import csv
import dataclasses
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.reference.intake import Record, replaced_records, walk
from zkpay.errors import InputError
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.fields import Field, NumberField, SymbolField
from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.ledger.reader import read_contributions, try_contributions
from zkpay.ledger.rules import Rules, WindowLimit

TASK = SymbolField("task", ("read", "write"))
AMOUNT = NumberField("amount", 100, minimum=10)
TIME = NumberField("time", 2**80)
FIELDS: tuple[Field, ...] = (TASK, AMOUNT, TIME)
KEYS = [("fingerprint",), ("account",), ("account", "task"), ("amount", "time"), ("task", "fingerprint", "account")]

RULES = st.builds(
    Rules,
    fields=st.just(FIELDS),
    unique=st.lists(st.sampled_from(KEYS), max_size=3, unique=True).map(tuple),
    account_limit=st.none() | st.integers(1, 4),
    window_limit=st.none()
    | st.builds(
        WindowLimit, time=st.just("time"), length=st.sampled_from([1, 10, 2**62, 2**70]), count=st.integers(1, 2)
    ),
    corrections=st.booleans(),
    reasons=st.sampled_from([(), ("spam",)]),
)
RECORD = st.builds(
    Record,
    name=st.just(""),
    account=st.sampled_from(["alice", "bob", "0x" + "ab" * 20]),
    fingerprint=st.sampled_from(["aa", "bb", "cc", "dd"]),
    values=st.fixed_dictionaries(
        {
            "task": st.sampled_from(TASK.values),
            "amount": st.sampled_from([10, 11, 100]),
            "time": st.sampled_from([0, 9, 10, 19, 2**62 - 1, 2**62, 2**70 - 1, 2**70, 2**80]),
        }
    ),
)


def read(folder: Path, records: list[Record], rules: Rules) -> Contributions:
    names = ["contribution_id", "account", "fingerprint", "task", "amount", "time", "status", "reason"]
    names += ["replaces"] if rules.corrections else []
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        for record in records:
            writer.writerow({**vars(record), "contribution_id": record.name, **record.values})
    return read_contributions(path, rules)


def named(records: list[Record], rules: Rules, targets: list[int | None]) -> list[Record]:
    """The records with names of their own, each replacing the one given where it may."""
    records = [dataclasses.replace(record, name=f"r{index}") for index, record in enumerate(records)]
    if rules.corrections:
        for index, target in zip(range(len(records)), targets, strict=False):
            if target is not None and target < index:
                records[index].replaces = f"r{target}"
                if replaced_records(records)[1]:
                    records[index].replaces = ""
    return records


@st.composite
def cases(draw: Any) -> tuple[Rules, list[Record]]:
    rules = draw(RULES)
    records = draw(st.lists(RECORD, max_size=12))
    targets = draw(st.lists(st.none() | st.integers(0, 10), max_size=len(records)))
    return rules, named(records, rules, targets)


def stated(records: list[Record], reasons: list[str]) -> list[Record]:
    """The records with what became of them written down."""
    return [
        dataclasses.replace(record, status="accepted", reason="")
        if reason == "accepted"
        else dataclasses.replace(record, status="rejected", reason=reason)
        for record, reason in zip(records, reasons, strict=True)
    ]


def names_of(found: Contributions, rules: Rules) -> list[str]:
    return [rules.reason_names[code] for code in found.reason.tolist()]


@given(cases())
def test_reasons_are_those_of_a_walk(tmp_path_factory: pytest.TempPathFactory, case: Any) -> None:
    rules, records = case
    folder = tmp_path_factory.mktemp("rows")
    expected = walk(records, rules)
    assert not expected.wrong
    found = read(folder, records, rules)
    assert names_of(found, rules) == expected.reasons
    assert {rules.reason_names.index(name) for name in expected.reasons} <= set(rules.usable_reasons)
    assert found.replaces.tolist() == [int(record.replaces[1:]) if record.replaces else -1 for record in records]
    again = read(folder, stated(records, expected.reasons), rules)
    assert again.to_bytes() == found.to_bytes()


MARKS = [("", ""), ("accepted", "")] + [
    ("rejected", reason)
    for reason in ("duplicate", "out_of_range", "undeclared", "below_minimum", "over_account_limit", "superseded")
]


@given(cases(), st.data())
def test_a_trial_judges_any_marks_and_counts_what_intake_refuses(
    tmp_path_factory: pytest.TempPathFactory, case: Any, data: st.DataObject
) -> None:
    rules, records = case
    for index, record in enumerate(records):
        values = {**record.values, "amount": data.draw(st.sampled_from([5, 10, 100, 101]))}
        values["task"] = data.draw(st.sampled_from(["read", "sing"]))
        status, reason = data.draw(st.sampled_from(MARKS))
        records[index] = dataclasses.replace(record, values=values, status=status, reason=reason)
    folder = tmp_path_factory.mktemp("rows")
    try:
        strict = read(folder, records, rules)
    except MalformedFile:
        strict = None
    found = try_contributions(folder / "rows.csv", rules)
    assert (found.judged == 0) == (strict is not None)
    assert found.judged <= len(records)
    if strict is not None:
        assert found.contributions.to_bytes() == strict.to_bytes()
    # Marked as the trial says, the file is one that intake takes.
    marked = stated(records, names_of(found.contributions, rules))
    assert read(folder, marked, rules).to_bytes() == found.contributions.to_bytes()


def test_a_trial_keeps_reasons_that_hold_and_reads_numbers_of_other_policies(tmp_path: Path) -> None:
    rules = Rules((TASK, AMOUNT), reasons=("spam",))
    rows = [
        ("read", 10**30, "", ""),
        ("read", 20_000, "rejected", "out_of_range"),
        ("sing", 5, "rejected", "below_minimum"),
        ("sing", 5, "", ""),
        ("read", 20, "rejected", "below_minimum"),
        ("read", 20, "rejected", "duplicate"),
        ("read", 5, "rejected", "spam"),
        ("read", 20, "accepted", ""),
        ("read", 5, "accepted", ""),
    ]
    path = tmp_path / "rows.csv"
    lines = [f"r{index},alice,{task},{amount},{status},{why}" for index, (task, amount, status, why) in enumerate(rows)]
    path.write_text("\n".join(["contribution_id,account,task,amount,status,reason", *lines]), encoding="utf-8")
    found = try_contributions(path, rules)
    assert names_of(found.contributions, rules) == [
        *("out_of_range", "out_of_range", "below_minimum", "undeclared"),
        *("accepted", "accepted", "spam", "accepted", "below_minimum"),
    ]
    # No record can hold the first two; the fourth and the last aren't marked, and what two more say isn't so.
    assert found.judged == 6
    assert found.contributions.number_values("amount").tolist()[:2] == [AMOUNT.recordable] * 2
    path.write_text("contribution_id,account,task,amount,status,reason\na,alice,read,20,rejected,\n", encoding="utf-8")
    with pytest.raises(MalformedFile, match="needs a reason"):
        try_contributions(path, rules)


@given(cases(), st.data())
def test_statement_passes_if_and_only_if_it_is_true(
    tmp_path_factory: pytest.TempPathFactory, case: Any, data: st.DataObject
) -> None:
    rules, records = case
    assume(records)
    records = stated(records, walk(records, rules).reasons)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(records) - 1))
        change = data.draw(st.sampled_from(["amount", "task", "replaces", "reason", "blank"]))
        old = records[index]
        if change == "amount":
            records[index] = dataclasses.replace(old, values={**old.values, "amount": data.draw(st.integers(8, 102))})
        elif change == "task":
            records[index] = dataclasses.replace(old, values={**old.values, "task": "sing"})
        elif change == "replaces" and rules.corrections:
            target = f"r{data.draw(st.integers(0, len(records)))}"
            records[index] = dataclasses.replace(old, replaces=data.draw(st.sampled_from(["", target])))
        elif change == "reason":
            reasons = st.sampled_from(list(rules.usable_reasons.values()))
            records[index] = stated([old], [data.draw(reasons)])[0]
        elif change == "blank":
            records[index] = dataclasses.replace(old, status="", reason="")
    expected = walk(records, rules)
    folder = tmp_path_factory.mktemp("rows")
    if expected.wrong:
        with pytest.raises(MalformedFile) as caught:
            read(folder, records, rules)
        assert {problem.line - 2 for problem in caught.value.problems} <= expected.wrong
    else:
        assert names_of(read(folder, records, rules), rules) == expected.reasons


FULL = Rules(
    FIELDS,
    unique=(("fingerprint",), ("account", "task", "time")),
    account_limit=3,
    window_limit=WindowLimit("time", 10, 2),
    corrections=True,
    reasons=("spam",),
)
BARE = Rules((NumberField("amount", 100), SymbolField("task", ("read",)), NumberField("time", 2**80)))


def rows(*changes: dict[str, Any]) -> list[Record]:
    """Sound records r0, r1, ..., each in a window of its own, with changes."""
    records = []
    for index, change in enumerate(changes):
        values: dict[str, Any] = {"task": "read", "amount": 50, "time": 10 * index}
        values |= {name: change[name] for name in values if name in change}
        own = {name: value for name, value in change.items() if name not in values}
        base = Record(f"r{index}", f"account {index}", f"{index:02x}", values)
        records.append(dataclasses.replace(base, **own))
    return records


def rejected(reason: str) -> dict[str, str]:
    return {"status": "rejected", "reason": reason}


ACCEPTED = {"status": "accepted"}
A = {"account": "alice"}
THREE = [A, A, A]


@pytest.mark.parametrize(
    ("changes", "line", "column", "why", "remedy"),
    [
        ([A, A | {"replaces": "r7"}], 3, "replaces", "no record of this file has", "an earlier record"),
        ([A, A | {"replaces": "r1"}], 3, "replaces", "replace itself", "an earlier record"),
        ([A | {"replaces": "r1"}, A], 2, "replaces", "line 3 has this contribution_id, and a correction", "order"),
        ([A, {"replaces": "r0"}], 3, "replaces", "line 2 has this contribution_id and belongs to another", "same"),
        ([A, *[A | {"replaces": "r0"}] * 2], 4, "replaces", "line 3 replaces this record already", "that record"),
        ([A | ACCEPTED, A | {"replaces": "r0"}], 2, "status", "line 3 replaces this record", "reason=superseded"),
        ([A | rejected("spam"), A | {"replaces": "r0"}], 2, "reason", "line 3 replaces", "reason=superseded"),
        ([A | rejected("superseded"), A], 2, "reason", "no later record replaces this one", "mend the reason"),
        ([{"amount": 9}], 2, "amount", "below the policy's minimum of 10", "reason=below_minimum"),
        ([{"amount": 101} | ACCEPTED], 2, "amount", "above the policy's maximum of 100", "reason=out_of_range"),
        ([{"task": "sing"}], 2, "task", "declares (read, write)", "reason=undeclared"),
        ([rejected("below_minimum")], 2, "reason", "no number is below", "mend"),
        ([rejected("out_of_range") | {"amount": 9}], 2, "reason", "all numbers are within", "mend"),
        ([rejected("undeclared")], 2, "reason", "declares all", "mend"),
        ([rejected("duplicate") | {"amount": 9}], 2, "reason", "below_minimum, and only", "reason=below_minimum"),
        ([rejected("over_window_limit") | {"amount": 101}], 2, "reason", "out_of_range, and only", "=out_of_range"),
        ([rejected("over_account_limit") | {"task": "sing"}], 2, "reason", "undeclared, and only", "=undeclared"),
        ([A, A | ACCEPTED | {"fingerprint": "00"}], 3, "fingerprint", "line 2 has the same fingerprint", "=duplicate"),
        ([A, A | ACCEPTED | {"time": 0}], 3, "account", "line 2 has the same account and task and time", "=duplicate"),
        (
            [A, A | rejected("duplicate")],
            3,
            "reason",
            "same fingerprint, or the same account and task and time",
            "order of intake",
        ),
        (
            [A | {"time": 3}, A | {"time": 4}, A | ACCEPTED | {"time": 9}],
            4,
            "time",
            "limit of 2 earlier records that count in this window (time // 10)",
            "reason=over_window_limit",
        ),
        ([A, A | rejected("over_window_limit")], 3, "reason", "it isn't so that the account has", "leave status"),
        ([*THREE, A | ACCEPTED], 5, "account", "limit of 3 earlier records that count", "reason=over_account_limit"),
        ([*THREE[:2], A | rejected("over_account_limit")], 4, "reason", "it isn't so that the account has", "mend"),
        (
            [*THREE, A | rejected("over_account_limit") | {"fingerprint": "00"}],
            5,
            "reason",
            "rejected as duplicate already",
            "reason=duplicate",
        ),
        (
            [A | {"time": 3}, A | {"time": 4}, A | rejected("over_account_limit") | {"time": 9}],
            4,
            "reason",
            "rejected as over_window_limit already",
            "reason=over_window_limit",
        ),
    ],
)
def test_refused_with_place_and_remedy(
    tmp_path: Path, changes: list[dict[str, Any]], line: int, column: str, why: str, remedy: str
) -> None:
    problem = only_problem(tmp_path, rows(*changes), FULL)
    assert (problem.line, problem.column) == (line, column)
    assert why in problem.why
    assert remedy in problem.remedy


def only_problem(folder: Path, records: list[Record], rules: Rules) -> Problem:
    with pytest.raises(MalformedFile) as caught:
        read(folder, records, rules)
    assert len(caught.value.problems) == 1, caught.value
    return caught.value.problems[0]


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("duplicate", "no rule against duplicates"),
        ("below_minimum", "has a minimum"),
        ("over_window_limit", "no limit per window"),
        ("over_account_limit", "no limit per account"),
        ("superseded", "takes no corrections"),
    ],
)
def test_reason_of_a_rule_that_the_policy_has_not(tmp_path: Path, reason: str, why: str) -> None:
    problem = only_problem(tmp_path, rows({}, rejected(reason)), BARE)
    assert (problem.line, problem.column, problem.value) == (3, "reason", reason)
    assert why in problem.why
    assert reason not in only_problem(tmp_path, rows(rejected("ugly")), BARE).remedy


@pytest.mark.parametrize(("reason", "rules"), [("undeclared", Rules((TIME,))), ("out_of_range", Rules((TASK,)))])
def test_reason_of_form_without_such_a_field(tmp_path: Path, reason: str, rules: Rules) -> None:
    name = rules.fields[0].name
    path = tmp_path / "rows.csv"
    value = "1" if name == "time" else "read"
    path.write_text(f"contribution_id,account,{name},status,reason\nr0,alice,{value},rejected,{reason}\n")
    with pytest.raises(InputError, match=r"the policy has no (number field|field of declared values)"):
        read_contributions(path, rules)


class TestCorrections:
    def test_chain_of_corrections_leaves_the_last(self, tmp_path: Path) -> None:
        records = rows(A, A | {"replaces": "r0"}, A | {"replaces": "r1"}, A)
        found = read(tmp_path, records, FULL)
        assert names_of(found, FULL) == ["superseded", "superseded", "accepted", "accepted"]
        assert found.replaces.tolist() == [-1, 0, 1, -1]

    def test_correction_may_copy_what_it_replaces(self, tmp_path: Path) -> None:
        records = rows(A, A | {"replaces": "r0", "fingerprint": "00", "time": 0})
        assert names_of(read(tmp_path, records, FULL), FULL) == ["superseded", "accepted"]

    def test_rejected_correction_still_takes_the_place(self, tmp_path: Path) -> None:
        records = rows(A, A | {"replaces": "r0"} | rejected("spam"))
        assert names_of(read(tmp_path, records, FULL), FULL) == ["superseded", "spam"]

    def test_replaced_record_may_break_any_bound(self, tmp_path: Path) -> None:
        wrong = {"amount": 101, "task": "sing"}
        records = rows(A | wrong, A | {"replaces": "r0"}, A | wrong | rejected("superseded"), A | {"replaces": "r2"})
        assert names_of(read(tmp_path, records, FULL), FULL) == ["superseded", "accepted"] * 2

    def test_same_account_in_another_spelling(self, tmp_path: Path) -> None:
        address = "0x" + "ab" * 20
        records = rows({"account": address}, {"account": "0x" + "AB" * 20, "replaces": "r0"})
        assert names_of(read(tmp_path, records, FULL), FULL) == ["superseded", "accepted"]

    def test_error_in_a_correction_says_nothing_of_what_it_replaces(self, tmp_path: Path) -> None:
        records = rows(A | ACCEPTED, A | {"replaces": "r0", "amount": "ten"})
        problem = only_problem(tmp_path, records, FULL)
        assert (problem.line, problem.column) == (3, "amount")
        problem = only_problem(tmp_path, rows(A | {"account": ""}, A | {"replaces": "r0"}), FULL)
        assert (problem.line, problem.column) == (2, "account")

    def test_untrue_superseded_says_nothing_of_its_copies(self, tmp_path: Path) -> None:
        records = rows(A | rejected("superseded"), A | rejected("duplicate") | {"fingerprint": "00"})
        assert only_problem(tmp_path, records, FULL).line == 2

    def test_column_without_the_rule(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.csv"
        path.write_text("contribution_id,account,amount,task,time,replaces\n")
        with pytest.raises(MalformedFile, match="takes no corrections; remove the column, or write corrections = true"):
            read_contributions(path, BARE)

    def test_column_may_be_absent_under_the_rule(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.csv"
        path.write_text("contribution_id,account,fingerprint,task,amount,time\nr0,alice,aa,read,50,1\n")
        assert read_contributions(path, FULL).replaces.tolist() == [-1]


class TestLimits:
    def test_rejected_records_use_no_place(self, tmp_path: Path) -> None:
        records = rows(A | rejected("spam"), *THREE, A, A | {"fingerprint": "01"}, A)
        reasons = ["spam", *["accepted"] * 3, "over_account_limit", "duplicate", "over_account_limit"]
        assert names_of(read(tmp_path, records, FULL), FULL) == reasons

    def test_what_is_over_one_limit_uses_no_place_under_the_next(self, tmp_path: Path) -> None:
        times = [0, 1, 2, 3, 10, 11]
        records = rows(*[A | {"time": time} for time in times])
        reasons = ["accepted", "accepted", *["over_window_limit"] * 2, "accepted", "over_account_limit"]
        assert names_of(read(tmp_path, records, FULL), FULL) == reasons

    def test_windows_are_told_apart_by_account_and_at_their_ends(self, tmp_path: Path) -> None:
        rules = dataclasses.replace(FULL, account_limit=None, window_limit=WindowLimit("time", 10, 1))
        times = [0, 9, 10, 19, 20, 2**70, 2**70 + 1]
        records = rows(*[A | {"time": time} for time in times], *[{"account": "bob", "time": time} for time in times])
        over = [True if index and times[index - 1] // 10 == time // 10 else False for index, time in enumerate(times)]
        reasons = ["over_window_limit" if each else "accepted" for each in over]
        assert sum(over) == 3
        assert names_of(read(tmp_path, records, rules), rules) == reasons * 2


@pytest.mark.parametrize("keys", list(itertools.combinations(KEYS, 2)))
def test_either_of_two_unique_rules_makes_a_duplicate(tmp_path: Path, keys: tuple[tuple[str, ...], ...]) -> None:
    rules = Rules(FIELDS, unique=keys)
    alike = {"account": "alice", "fingerprint": "aa", "task": "read", "amount": 50, "time": 7}
    apart = {"account": "bob", "fingerprint": "bb", "task": "write", "amount": 51, "time": 8}
    for key in keys:
        records = rows(alike, apart | {name: alike[name] for name in key})
        assert names_of(read(tmp_path, records, rules), rules) == ["accepted", "duplicate"]
    assert names_of(read(tmp_path, rows(alike, apart), rules), rules) == ["accepted"] * 2


def test_field_with_the_name_of_a_record_column(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("contribution_id,account,status\n")
    with pytest.raises(ValueError, match="can't be called status"):
        read_contributions(tmp_path / "rows.csv", Rules((NumberField("status", 5),)))
