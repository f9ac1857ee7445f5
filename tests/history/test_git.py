"""The commit that is read without git is the one that git tells."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from runaudit.history.git import Commit, commit_of

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.email=a@example.com", "-c", "user.name=a", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603, S607
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = tmp_path / "repo"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    git(top, "commit", "-q", "--allow-empty", "-m", "one")
    return top


@needs_git
def test_loose_packed_detached_and_worktrees(repository: Path) -> None:
    below = repository / "deep" / "er"
    below.mkdir(parents=True)
    sha = git(repository, "rev-parse", "HEAD")
    assert commit_of(below, {}) == Commit("main", sha, repository)
    git(repository, "checkout", "-q", "-b", "fix/lr-0.1")
    git(repository, "pack-refs", "--all")
    assert commit_of(repository, {}) == Commit("fix/lr-0.1", sha, repository)
    tree = repository.parent / "tree"
    git(repository, "worktree", "add", "-q", "-b", "other", str(tree))
    git(tree, "commit", "-q", "--allow-empty", "-m", "two")
    assert commit_of(tree, {}) == Commit("other", git(tree, "rev-parse", "HEAD"), tree)
    git(repository, "checkout", "-q", "--detach")
    assert commit_of(repository, {}) == Commit("", sha, repository)


@needs_git
def test_a_job_tells_the_branch_of_a_detached_head(repository: Path) -> None:
    sha = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "-q", "--detach")
    assert commit_of(repository, {"GITHUB_REF_NAME": "12/merge", "GITHUB_HEAD_REF": "fix"}).branch == "fix"
    assert commit_of(repository, {"CI_COMMIT_REF_NAME": "dev", "CI_COMMIT_SHA": "b" * 40}) == Commit(
        "dev", sha, repository
    )


def test_without_a_repository_the_job_is_all_there_is(tmp_path: Path) -> None:
    assert commit_of(tmp_path, {}) == Commit()
    assert commit_of(tmp_path, {"GITHUB_SHA": "C" * 40, "GITHUB_REF_NAME": "main"}) == Commit("main", "c" * 40)
    assert commit_of(tmp_path, {"GITHUB_SHA": "$(rm -rf /)"}) == Commit()


@needs_git
def test_a_branch_without_commits(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    assert commit_of(tmp_path, {}) == Commit("main", "", tmp_path)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"ref: refs/heads/../../../secret\n",
        b"ref: /etc/passwd\n",
        b"\xff\xfe",
        b"deadbeef",
        b"ref: refs/heads/a\0b",
    ],
)
def test_a_strange_head_is_no_commit_and_no_way_out(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "secret").write_text("a" * 40)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_bytes(head)
    assert commit_of(tmp_path, {}) == Commit("", "", tmp_path)


def test_a_git_that_is_a_strange_file(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: ../nowhere\n")
    assert commit_of(tmp_path, {}) == Commit("", "", tmp_path)
    (tmp_path / ".git").write_bytes(b"\x00\x01")
    assert commit_of(tmp_path, {}) == Commit("", "", tmp_path)
