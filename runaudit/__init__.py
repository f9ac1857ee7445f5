"""Audit training runs: read the logs they left, say what went wrong, since when, and what to try."""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes longer to import than ``runaudit --version`` to answer
if TYPE_CHECKING:
    from typing import Any

    from runaudit.api import audit, load
    from runaudit.gradcheck import Package

    gradcheck: Package

__version__ = "0.1.0"
__all__ = ["__version__", "audit", "gradcheck", "load"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  the module hook of PEP 562 has this signature
    """Import the API on first use, so that ``runaudit --version`` stays instant."""
    if name in {"audit", "load"}:
        from runaudit import api

        return getattr(api, name)
    if name == "gradcheck":
        from importlib import import_module

        return import_module("runaudit.gradcheck")
    raise AttributeError(f"module 'runaudit' has no attribute {name!r}")
