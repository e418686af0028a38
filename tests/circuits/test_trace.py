"""Tables filled in parts, by several threads, hold what they hold when they are filled as a whole."""

import numpy as np
import pytest

from tests.circuits.scenarios import MIXED, POLICY, RULES, SPAM, WIDEST, Record, scenario
from zkpay.circuits import trace
from zkpay.circuits.checker import violations
from zkpay.circuits.trace import traces
from zkpay.ledger.rules import DUPLICATE, OVER_ACCOUNT_LIMIT, SUPERSEDED
from zkpay.poseidon.permutation import DIGEST_SIZE
from zkpay.stark.expression import linear
from zkpay.stark.field import P

MANY = [Record(account=(index * 7919) % 13, quantity=900 * index**2, kind=index % 4) for index in range(1025)]
TIMES = [
    Record(account=index % 40, quantity=2 + index, values=(("task", 0), ("region", 0), ("time", 20 * index)))
    for index in range(60)
]
RULED = [
    *TIMES,
    Record(account=0, quantity=9, values=TIMES[0].values, fingerprint=5, reason=DUPLICATE),
    Record(account=1, quantity=9, values=(*TIMES[0].values[:2], ("time", 7777)), reason=OVER_ACCOUNT_LIMIT),
    Record(account=39, quantity=8, values=(*TIMES[0].values[:2], ("time", 8888)), reason=SUPERSEDED),
    Record(account=39, quantity=8, values=(*TIMES[0].values[:2], ("time", 9999)), replaces=62),
]
SHAPES = {
    "no record": ([], POLICY),
    "one record": (MANY[:1], POLICY),
    "mixed": (MIXED, POLICY),
    "table full": (MANY[:1024], POLICY),
    "table one over": (MANY, POLICY),
    "all rejected": ([Record(account=index % 3, reason=SPAM) for index in range(7)], POLICY),
    "two blocks": ([Record(account=index % 5, quantity=2**96, quality=2**28 - 1) for index in range(300)], WIDEST),
    "unique rules, limits and corrections": (RULED, RULES),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_parts_make_up_the_whole(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    epoch = scenario(*SHAPES[shape])
    whole = epoch.witness()
    monkeypatch.setattr(trace, "PART_ROWS", 128)
    parts = epoch.witness()
    assert parts.keys() == whole.keys()
    for name, values in whole.items():
        assert np.array_equal(parts[name], values), name
    assert violations(epoch.circuit, parts) == []


class TestReading:
    epoch = scenario(MIXED)

    def contributions(self) -> trace.Trace:
        return traces(self.epoch.circuit, self.epoch.witness())["contributions"]

    def test_a_part_reads_the_next_row_beyond_its_end(self) -> None:
        whole = self.contributions()
        (index,) = (column for column in whole.table.columns if column.name == "index")
        part = whole.part(4, 9)
        assert part.height == 5
        assert part.in_field(index.next)[0].tolist() == [5, 6, 7, 8, 9]
        assert part.part(1, 3)["index"].tolist() == [5, 6]
        assert not part.ends_table
        last = whole.part(whole.height - 2, whole.height)
        assert last.ends_table
        assert last.in_field(index.next)[0].tolist() == [whole.height - 1, 0]

    def test_elements_are_those_of_the_field(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(trace, "PART_ROWS", 128)
        whole = self.contributions()
        expressions = [payload for item in whole.table.interactions for payload in item.payload]
        assert np.array_equal(whole.elements(expressions), np.stack(whole.in_field(*expressions)))

    def test_what_is_written_is_taken_modulo_the_prime(self) -> None:
        whole = self.contributions()
        column = whole.table.columns[0]
        whole.part(2, 6).put(column, np.array([-1, P, P - 1, 2 * P + 3]))
        assert whole.values[0, 1:7].tolist() == [1, P - 1, 0, P - 1, 3, 6]

    def test_sums_of_many_large_terms_stay_exact(self) -> None:
        whole = self.contributions()
        columns = whole.table.columns[:40]
        generator = np.random.default_rng(5)
        for column in columns:
            whole.put(column, generator.integers(0, P, whole.height))
            whole[column.name][:3] = P - 1
        for factors in ([P - 1] * 40, [P // 2] * 40, [P // 2 + 1] * 40, generator.integers(-P, P, 40).tolist()):
            (found,) = whole.in_field(linear(list(zip(factors, columns, strict=True)), -5))
            for row in (0, 3, 1000):
                exact = sum(
                    factor * int(whole[column.name][row]) for factor, column in zip(factors, columns, strict=True)
                )
                assert int(found[row]) == (exact - 5) % P


def test_tuples_of_rows_here_and_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "PART_ROWS", 128)
    whole = traces(scenario(MIXED).circuit, scenario(MIXED).witness())["tally"]
    sent = whole.sent("accounts")
    rows = np.flatnonzero(whole["ends"].astype(bool) & whole["seen"].astype(bool))
    assert 0 < len(rows) < rows[-1] + 1
    assert np.array_equal(sent[1], whole["account[0]"][rows])
    assert len(sent) > DIGEST_SIZE
