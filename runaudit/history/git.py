"""The branch and commit of a folder, read from ``.git`` without running git, or from what a CI job says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
LARGEST = 32 * 2**20  # of packed-refs: some repositories have many tags
BRANCH_VARIABLES = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "CI_COMMIT_BRANCH")
COMMIT_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA")


@dataclass(frozen=True, slots=True)
class Commit:
    """A branch and a commit, "" where unknown, and the folder of the repository, None if there is none."""

    branch: str = ""
    id: str = ""
    top: Path | None = None


def commit_of(folder: Path, environ: Mapping[str, str]) -> Commit:
    """Return the branch and the commit that ``folder`` is on.

    A CI job checks out a commit and no branch: what ``.git`` does not tell is taken from the environment of the job.
    Without a repository, or with one that cannot be read, that is all there is.
    """
    top = next((one for one in (folder, *folder.parents) if _exists(one / ".git")), None)
    branch, commit = _head(top / ".git") if top is not None else ("", "")
    branch = branch or next(filter(None, map(environ.get, BRANCH_VARIABLES)), "") or ""
    said = next(filter(None, map(environ.get, COMMIT_VARIABLES)), "") or ""
    return Commit(_name(branch), commit or (said.lower() if SHA.fullmatch(said.lower()) else ""), top)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _head(git: Path) -> tuple[str, str]:
    """Return the branch and the commit of a ``.git``: a folder, or the file of a worktree that names one."""
    if git.is_file():
        named = _read(git)
        if not named.startswith("gitdir:"):
            return "", ""
        git = git.parent / named.removeprefix("gitdir:").strip()
    head = _read(git / "HEAD").strip()
    if not head.startswith("ref:"):
        return "", head if SHA.fullmatch(head) else ""
    ref = head.removeprefix("ref:").strip()
    if not ref.startswith("refs/heads/") or ".." in ref or "\0" in ref:
        return "", ""
    return ref.removeprefix("refs/heads/"), _commit(git, ref)


def _commit(git: Path, ref: str) -> str:
    """Return the commit of a branch, "" for one without any."""
    common = _read(git / "commondir").strip()
    folders = [git, git / common] if common else [git]
    for folder in folders:
        loose = _read(folder / ref).strip()
        if SHA.fullmatch(loose):
            return loose
    for line in _read(folders[-1] / "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if name == ref and SHA.fullmatch(commit):
            return commit
    return ""


def _read(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return ""
        return path.read_text("utf-8", errors="replace")
    except (OSError, ValueError):
        return ""


def _name(branch: str) -> str:
    return branch.strip().encode("utf-8", "backslashreplace").decode("utf-8")[:255]
