"""The JSON Schemas that ship with runaudit, one file each: configuration, rule file, report, comparison."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FILES = {
    "comparison": HERE / "comparison.schema.json",
    "config": HERE / "config.schema.json",
    "report": HERE.parent / "render" / "report.schema.json",
    "rule": HERE / "rule.schema.json",
}


def schema(name: str) -> dict[str, Any]:
    """Return the schema of that name as it ships."""
    found: dict[str, Any] = json.loads(FILES[name].read_text("utf-8"))
    return found
