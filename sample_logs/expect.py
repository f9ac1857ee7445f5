"""Prints what an audit finds in the sample runs, as in expected.yaml: ``python sample_logs/expect.py [PART ...]``.

A run whose findings are not the expected ones is marked. Nothing is written: the truth is in the cases of ``make.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

import runaudit

HERE = Path(__file__).parent


def main(parts: list[str]) -> int:
    """Print the findings of the runs whose path holds one of the parts, all by default; return how many differ."""
    report = runaudit.audit(HERE)
    differing = 0
    for run in sorted(run.id for run in report.judged):
        if parts and not any(part in run for part in parts):
            continue
        found = [finding for finding in report.findings if finding.run == run]
        now = {
            "findings": {f.rule: f.severity.value for f in found},
            "consequences": {f.rule: f.consequence_of for f in found if f.consequence_of},
        }
        expected = yaml.safe_load((HERE / run.removesuffix("/*") / "expected.yaml").read_text("utf-8"))
        differs = any(expected[key] != now[key] for key in now)
        differing += differs
        print(f"# {run}" + (": not as expected" if differs else ""))
        print(yaml.safe_dump(now, sort_keys=False))
    return differing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
