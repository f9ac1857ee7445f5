"""The reference of the Python API, from its docstrings and annotations."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass

import runaudit
from runaudit import api, model
from runaudit.docs import cell, fence, paragraphs, table

WIDTH = 88
PYTHON = """# In Python

```python
import runaudit

report = runaudit.audit("logs")
for finding in report.findings:
    print(finding.severity, finding.rule, finding.run, finding.message)

frame = report.to_frame()  # one row a finding
run = runaudit.load("logs")[0]
loss = run.series["train/loss"]
print(loss.steps, loss.values, run.config)
curves = run.to_frame()  # one column a series
```

An audit from Python reads no settings and no environment unless `config` is given, so it says the same everywhere.
Wrong use raises `runaudit.errors.UsageError`. What is returned is frozen; numbers are numpy arrays, and pandas is
imported by `to_frame` only.
"""


def python() -> str:
    """Return the page: the functions of the package and the types that they return."""
    public = [getattr(api, name, None) or getattr(runaudit, name) for name in runaudit.__all__]
    functions = [one for one in public if inspect.isfunction(one)]
    lines = [PYTHON]
    for function in functions:
        lines += [f"## {function.__name__}", "", *fence("python", _signature(function)), "", *_prose(function), ""]
    for kind in (*(one for one in public if inspect.isclass(one)), *_types_of(functions)):
        lines += [f"## {kind.__name__}", "", *_prose(kind), "", *_attributes(kind), ""]
    return "\n".join(lines)


def _signature(function: Callable[..., object]) -> str:
    """Return the head of a function as it is written; a long one with a parameter a line."""
    parsed = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if not isinstance(parsed, ast.FunctionDef):
        raise TypeError(f"{function} is no plain function")
    parameters = ast.unparse(parsed.args)
    gives = f" -> {ast.unparse(parsed.returns)}" if parsed.returns else ""
    whole = f"{parsed.name}({parameters}){gives}"
    if len(whole) <= WIDTH:
        return whole
    parts = re.split(r", (?![^\[(]*[\])])", parameters)
    return f"{parsed.name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){gives}"


def _prose(of: Callable[..., object] | None) -> list[str]:
    return [line for part in paragraphs(of) for line in (cell(part), "")][:-1]


def _types_of(functions: Sequence[Callable[..., object]]) -> list[type]:
    """Return the types that functions return, and those that these hold, in that order."""
    found: dict[str, type] = {}
    waiting = [word for f in functions for word in re.findall(r"\w+", str(inspect.signature(f).return_annotation))]
    while waiting:
        name = waiting.pop(0)
        kind = getattr(model, name, None)
        if name in found or not isinstance(kind, type) or not is_dataclass(kind):
            continue
        found[name] = kind
        waiting += [word for text in kind.__annotations__.values() for word in re.findall(r"\w+", str(text))]
    return list(found.values())


def _attributes(kind: type) -> Iterator[str]:
    rows = [(f"`{name}`", cell(f"`{text}`")) for name, text in inspect.get_annotations(kind).items()]
    if rows:
        yield from table(("attribute", "type"), rows)
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield from ("", f"`{name}`: {' '.join(_prose(member.fget))}")
        elif inspect.isfunction(member):
            call = _signature(member).replace("(self, ", "(").replace("(self)", "()")
            yield from ("", f"`{call}`: {' '.join(_prose(member))}")
