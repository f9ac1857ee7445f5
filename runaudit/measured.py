"""The ``measured`` field of rule files: written as text, so that no other byte of a file changes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from runaudit.errors import UsageError
from runaudit.ruleset import Rule, rules_folder

FIELD = "measured"
INSTALLED = "_rules"  # the folder of the rules inside an installed package


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the rule files: how many were written, had these numbers already, or belong to the package."""

    written: tuple[str, ...]
    unchanged: int
    packaged: int


def flow(values: Mapping[str, float]) -> str:
    """Return the numbers as YAML on one line, with at most four decimals.

    >>> flow({"precision": 0.96154, "runs": 279})
    '{precision: 0.9615, runs: 279}'
    """
    return "{" + ", ".join(f"{name}: {round(value, 4)}" for name, value in values.items()) + "}"


def table(measured: Mapping[str, Mapping[str, float]], said: str) -> str:
    """Return the numbers of all rules as a YAML file, one rule a line, below a comment."""
    comment = "".join(f"# {line}\n" for line in said.splitlines())
    return comment + "".join(f"{rule}: {flow(values)}\n" for rule, values in measured.items())


def write_measured(rules: Sequence[Rule], measured: Mapping[str, Mapping[str, float]]) -> Written:
    """Write the numbers into the files of the rules, each file at once or not at all.

    A rule without numbers keeps what it has. The files of an installed package are left alone: they are not the
    user's. Raises ``UsageError`` before anything is written if a file cannot be edited so that nothing else changes.
    """
    ours = rules_folder() if rules_folder().name == INSTALLED else None
    packaged = 0
    texts: dict[Path, str] = {}
    problems: list[str] = []
    wanted = [rule for rule in rules if rule.id in measured]
    for rule in wanted:
        path = Path(rule.path).resolve()
        if (ours is not None and ours.resolve() in path.parents) or "site-packages" in path.parts:
            packaged += 1
            continue
        try:
            old = path.read_bytes().decode("utf-8")
            new = edited(old, measured[rule.id])
        except (OSError, ValueError) as error:
            problems.append(f"{rule.path}: {getattr(error, 'strerror', None) or error}")
            continue
        if new != old:
            texts[path] = new
    if problems:
        raise UsageError(*problems)
    for path, text in texts.items():
        _replace(path, text)
    return Written(tuple(map(str, texts)), len(wanted) - packaged - len(texts), packaged)


def edited(text: str, values: Mapping[str, float]) -> str:
    r"""Return the text of a rule file with ``measured`` set, every other character as it was.

    Raises ``ValueError`` where the file is laid out in a way that forbids that.

    >>> edited("id: a  # why\nmeasured: {runs: 1}  # by us\n", {"runs": 2})
    'id: a  # why\nmeasured: {runs: 2}  # by us\n'
    >>> edited("id: a", {"runs": 2})
    'id: a\nmeasured: {runs: 2}\n'
    """
    line = f"{FIELD}: {flow(values)}"
    field = _field(text)
    if field is None:
        newline = "\r\n" if "\r\n" in text else "\n"
        new = text + ("" if text.endswith("\n") else newline) + line + newline
    else:
        new = text[: field[0]] + line + text[field[1] :]
    wanted = {**yaml.safe_load(text), FIELD: yaml.safe_load(flow(values))}
    try:
        after = yaml.safe_load(new)
    except yaml.YAMLError:
        after = None
    if repr(after) != repr(wanted):  # as text, for NaN differs from itself
        raise ValueError(f"the field {FIELD} cannot be written without changing the rest of the file; write it by hand")
    return new


def _field(text: str) -> tuple[int, int] | None:
    """Return where the field begins and ends, None if there is none."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise ValueError("the file is no YAML mapping with one field a line")
    return next((_span(key, value) for key, value in node.value if key.value == FIELD), None)


def _span(key: yaml.Node, value: yaml.Node) -> tuple[int, int]:
    """Return where a key begins and its value ends; a block, for YAML, goes on to the next token: not for us."""
    while isinstance(value, yaml.MappingNode) and not value.flow_style and value.value:
        value = value.value[-1][1]
    return key.start_mark.index, value.end_mark.index


def _replace(path: Path, text: str) -> None:
    """Put the new text in the place of the file at once, with the permissions of the old one."""
    scratch = None
    try:
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8"))
        shutil.copymode(path, scratch)
        Path(scratch).replace(path)
    except OSError as error:
        if scratch is not None:
            Path(scratch).unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
