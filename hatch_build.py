"""What the build does beside packing: it compiles the YAML data files into ``_shipped.json``, which starts faster."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DATA = ("names.yaml", "crashes.yaml")


class ShippedHook(BuildHookInterface):
    """Adds ``runaudit/_shipped.json`` to a wheel; an editable install keeps reading the YAML files themselves."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the compiled data into a temporary file and have it packed."""
        if version == "editable":
            return
        root = Path(self.root)
        data = {name: yaml.safe_load((root / "runaudit" / name).read_text("utf-8")) for name in DATA}
        rules = {}
        for path in sorted((root / "rules").rglob("*.yaml")):
            rule = yaml.safe_load(path.read_text("utf-8"))
            rules[path.relative_to(root / "rules").as_posix()] = {**rule, "examples": []}
        file = Path(tempfile.mkdtemp(prefix="runaudit-build-")) / "_shipped.json"
        file.write_text(json.dumps({**data, "rules": rules}), "utf-8")
        build_data["force_include"][str(file)] = "runaudit/_shipped.json"
