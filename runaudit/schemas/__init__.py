"""The JSON Schemas that ship with runaudit, one file each: the configuration, a rule file, the JSON report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FILES = {
    "config": HERE / "config.schema.json",
    "report": HERE.parent / "render" / "report.schema.json",
    "rule": HERE / "rule.schema.json",
}


def schema(name: str) -> dict[str, Any]:
    """Return the schema of that name as it ships."""
    found: dict[str, Any] = json.loads(FILES[name].read_text("utf-8"))
    return found
