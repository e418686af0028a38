"""The rules at intake by their definition: one record after the other, with sets and counters."""

from collections import Counter
from dataclasses import dataclass, field

from zkpay.ledger.fields import NumberField, SymbolField
from zkpay.ledger.rules import Rules


@dataclass
class Record:
    """A record as written; status and reason may be empty, and so may `replaces`."""

    name: str
    account: str
    fingerprint: str
    values: dict[str, int | str]
    replaces: str = ""
    status: str = ""
    reason: str = ""


@dataclass
class Walk:
    """Reason of each record, and the records of which the file says what isn't so."""

    reasons: list[str] = field(default_factory=list)
    wrong: set[int] = field(default_factory=set)


def faults_of_form(record: Record, rules: Rules) -> set[str]:
    """The reasons that a record's own values give to reject it."""
    faults = set()
    for described in rules.fields:
        value = record.values[described.name]
        if isinstance(described, SymbolField) and value not in described.values:
            faults.add("undeclared")
        if isinstance(described, NumberField) and int(value) > described.maximum:
            faults.add("out_of_range")
        if isinstance(described, NumberField) and int(value) < described.minimum:
            faults.add("below_minimum")
    return faults


def replaced_records(records: list[Record]) -> tuple[set[int], set[int]]:
    """The records that are replaced, and those that name a record which they can't replace."""
    replaced: set[int] = set()
    wrong: set[int] = set()
    for index, record in enumerate(records):
        if not record.replaces:
            continue
        targets = [i for i, other in enumerate(records[:index]) if other.name == record.replaces]
        if not targets or records[targets[0]].account != record.account or targets[0] in replaced:
            wrong.add(index)
        else:
            replaced.add(targets[0])
    return replaced, wrong


def value_of(record: Record, name: str) -> int | str:
    """What a unique rule compares under this name."""
    return {"account": record.account, "fingerprint": record.fingerprint}.get(name) or record.values[name]


def walk(records: list[Record], rules: Rules) -> Walk:
    """What becomes of each record, and where the file is wrong."""
    found = Walk()
    replaced, found.wrong = replaced_records(records)
    seen: list[set[tuple[int | str, ...]]] = [set() for _ in rules.unique]
    in_window: Counter[tuple[str, int]] = Counter()
    of_account: Counter[str] = Counter()
    for index, record in enumerate(records):
        faults = faults_of_form(record, rules)
        if index in replaced:
            fitting = {"superseded"}
        elif record.status == "rejected" and record.reason in rules.reasons:
            fitting = {record.reason}
        elif faults:
            fitting = faults
            # A value out of bounds is a mistake until somebody says what it is.
            if record.status != "rejected":
                found.wrong.add(index)
        else:
            fitting = {order_reason(record, rules, seen, in_window, of_account)}
        if record.status == "rejected" and record.reason not in fitting:
            found.wrong.add(index)
        if record.status == "accepted" and fitting != {"accepted"}:
            found.wrong.add(index)
        found.reasons.append(record.reason if record.reason in fitting else min(fitting))
    return found


def order_reason(
    record: Record,
    rules: Rules,
    seen: list[set[tuple[int | str, ...]]],
    in_window: Counter[tuple[str, int]],
    of_account: Counter[str],
) -> str:
    """What a valid record is after those before it, which are remembered in the last three arguments."""
    keys = [tuple(value_of(record, name) for name in names) for names in rules.unique]
    copies = [key in before for key, before in zip(keys, seen, strict=True)]
    for key, before in zip(keys, seen, strict=True):
        before.add(key)
    if any(copies):
        return "duplicate"
    if rules.window_limit is not None:
        window = (record.account, int(record.values[rules.window_limit.time]) // rules.window_limit.length)
        in_window[window] += 1
        if in_window[window] > rules.window_limit.count:
            return "over_window_limit"
    if rules.account_limit is not None:
        of_account[record.account] += 1
        if of_account[record.account] > rules.account_limit:
            return "over_account_limit"
    return "accepted"
