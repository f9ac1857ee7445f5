"""Where a finding stands for tools that know a repository: relative paths, URIs, and an identity that lasts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from urllib.parse import quote

from runaudit.model import Finding
from runaudit.render._words import locate

DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def repo_path(root: str, path: str) -> str:
    """Return the path of a file as seen from where the audit was started: with slashes, and never above that folder.

    Where the audited root lies elsewhere (absolute, above, remote), the path is relative to that root.

    >>> repo_path("runs", "a/log.csv"), repo_path("/data", "a/log.csv"), repo_path("../x", "./log.csv")
    ('runs/a/log.csv', 'a/log.csv', 'log.csv')
    """
    whole = locate(root, path)
    if "://" in whole or DRIVE.match(whole) or _leaves(whole):
        whole = path.rpartition("://")[2]
    while _leaves(whole):
        whole = posixpath.normpath(whole).lstrip("/").removeprefix("..").lstrip("/")
    return posixpath.normpath(whole)


def _leaves(path: str) -> bool:
    flat = posixpath.normpath(path)
    return flat.startswith(("/", "../")) or flat == ".."


def uri(path: str) -> str:
    """Return a relative path as a URI reference; whatever could end it or be taken for a scheme is percent-encoded.

    >>> uri("runs/lr=1e-3,bs=4/a b%.csv"), uri("c:x?#")
    ('runs/lr%3D1e-3%2Cbs%3D4/a%20b%25.csv', 'c%3Ax%3F%23')
    """
    return quote(path.encode("utf-8", "backslashreplace"), safe="/")


def identities(findings: Sequence[Finding]) -> list[str]:
    """Return a unique identity for each finding, in their order, that holds neither step nor value.

    It is the fingerprint; further findings of the same rule on the same series are numbered in the order of their
    steps: ``8f14e45fceea167a-2``.
    """
    names = [""] * len(findings)
    seen: dict[str, int] = {}
    for i in sorted(range(len(findings)), key=lambda i: (findings[i].first_step, findings[i].last_step, i)):
        mark = findings[i].fingerprint
        seen[mark] = seen.get(mark, 0) + 1
        names[i] = mark if seen[mark] == 1 else f"{mark}-{seen[mark]}"
    return names
