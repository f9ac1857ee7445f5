"""A rule as its file gives it: limits, words, sources, and what judges."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runaudit.detectors import Detector
from runaudit.model import Confidence, Severity

ALWAYS = ("series", "step", "first_step", "last_step")
"""What a message may use besides facts and limits; ``step`` is what a step is called in the run, such as ``epoch``."""


@dataclass(frozen=True, slots=True)
class Param:
    """One threshold of a rule: its default, its bounds (None: open), and the reason of the default."""

    default: float
    low: float | None
    high: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that a rule rests on."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule as its file gives it, with the user's thresholds applied in ``values``."""

    id: str
    title: str
    family: str
    severity: Severity
    confidence: Confidence
    weak_severity: Severity
    weak_confidence: Confidence
    detector: Detector
    inputs: Mapping[str, tuple[str, ...]]
    params: Mapping[str, Param]
    values: Mapping[str, float]
    message: str
    evidence: tuple[str, ...]
    why: str
    remedy: tuple[str, ...]
    examples: tuple[Mapping[str, Any], ...]
    path: str
    scope: str = "run"
    needs: tuple[str, ...] = ()
    prescription: Mapping[str, Any] = field(default_factory=dict)
    explains: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    measured: Mapping[str, float] = field(default_factory=dict)
    not_for: tuple[str, ...] = ()


def template_fields(template: str) -> set[str]:
    """Return the names that a message or evidence template uses; raises ``ValueError`` for a lone brace."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def build(data: Mapping[str, Any], family: str, path: str, detector: Detector) -> Rule:
    """Return the rule of a parsed file in which nothing is wrong."""
    params = {name: _param(spec) for name, spec in data.get("params", {}).items()}
    weak = data.get("weak", {})
    return Rule(
        id=data["id"],
        title=data["title"],
        family=family,
        severity=Severity(data["severity"]),
        confidence=Confidence(data.get("confidence", "medium")),
        weak_severity=Severity(weak.get("severity", "note")),
        weak_confidence=Confidence(weak.get("confidence", "low")),
        detector=detector,
        inputs={name: _alternatives(spec) for name, spec in data["inputs"].items()},
        params=params,
        values={name: p.default for name, p in params.items()},
        message=data["message"],
        evidence=tuple(data.get("evidence", [])),
        why=data["why"],
        remedy=tuple(data["remedy"]),
        examples=tuple(data["examples"]),
        path=path,
        scope=data.get("scope", "run"),
        needs=tuple(data.get("needs", [])),
        prescription=data.get("prescription", {}),
        explains=tuple(data.get("explains", [])),
        citations=tuple(Citation(c["title"], c.get("url", "")) for c in data.get("citations", [])),
        measured=data.get("measured", {}),
        not_for=tuple(data.get("not_for", [])),
    )


def _param(spec: Mapping[str, Any]) -> Param:
    return Param(spec["default"], spec.get("min"), spec.get("max"), spec["why"])


def _alternatives(spec: str | list[str]) -> tuple[str, ...]:
    return (spec,) if isinstance(spec, str) else tuple(spec)
