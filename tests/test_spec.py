"""The program in SPEC §6.3 runs, and prints the sizes that §5.1 tells."""

import re
import subprocess
import sys
from pathlib import Path

import zkpay

ROOT = Path(__file__).resolve().parent.parent
SPEC = (ROOT / "SPEC.md").read_text(encoding="utf-8")


def test_the_program_prints_the_sizes_of_the_tables(tmp_path: Path) -> None:
    zkpay.sample(10, 2, out=tmp_path / "sample.csv")
    (program,) = re.findall(r"^```python\n(.*?)^```$", SPEC, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sizes = re.findall(r"^(\w+) (\d+) (\d+) (\d+) (\d+) (\d+)$", done.stdout, re.MULTILINE)
    section = SPEC[SPEC.index("### 5.1 ") : SPEC.index("### 5.2 ")]
    told = re.findall(r"^\| (\w+) \| 2\^(\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", section, re.MULTILINE)
    printed = {name: numbers for name, *numbers in sizes}
    assert len(told) == 7
    for name, exponent, *numbers in told:
        assert printed.pop(name) == [str(1 << int(exponent)), *numbers]
    # One row of the table tells the two fixed ones.
    assert set(printed) == {"tables", "range"}
    assert all(numbers[1:] == ["1", "0", "1", "1"] for numbers in printed.values())
