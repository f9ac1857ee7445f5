"""The data files that ship with the package, parsed: from ``_shipped.json`` where the build made one, else from YAML.

Reading YAML takes ten times as long as reading JSON, and nearly all commands need the names and the rules.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def shipped(name: str) -> Any:  # noqa: ANN401  any YAML value
    """Return the content of a YAML file of the package, such as ``names.yaml``."""
    found = _compiled().get(name)
    return found if found is not None else parsed((HERE / name).read_text("utf-8"))


def shipped_rules() -> dict[str, Any]:
    """Return the shipped rules without their examples, by path below the rules' folder; {} where none were compiled."""
    return _compiled().get("rules") or {}


def parsed(text: str) -> Any:  # noqa: ANN401  any YAML value
    """Return the content of a YAML text, by libyaml where PyYAML was built with it (ten times faster)."""
    import yaml

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  both are safe


def strict(text: str) -> Any:  # noqa: ANN401  any YAML value
    """Return the content of a YAML text in which no key is given twice; raises ``ValueError`` with the place else.

    Plain YAML keeps the last of two keys in silence.
    """
    import yaml

    from runaudit._strict_yaml import StrictLoader

    try:
        return yaml.load(text, Loader=StrictLoader)  # noqa: S506  a safe loader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


@cache
def _compiled() -> dict[str, Any]:
    try:
        found = json.loads((HERE / "_shipped.json").read_text("utf-8"))
    except OSError:
        return {}
    return found if isinstance(found, dict) else {}
