"""The errors that a user can cause, and the two signals by which a reader or a detector says no."""

from __future__ import annotations


class RunauditError(Exception):
    """Base of every error whose text is meant for the user."""


class UsageError(RunauditError):
    """A path, option, rule file or configuration that cannot be used; carries every problem at once."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class LogError(RunauditError):
    """A file that a reader claimed, and that gives no run.

    ``kind`` is ``corrupt`` (truncated, unparsable, no permission) or ``not-a-log`` (well-formed, but it
    holds no training metric). ``reason`` is one sentence without the path; ``line`` is 1-based.
    """

    def __init__(self, reason: str, *, line: int | None = None, kind: str = "corrupt") -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.kind = kind


class NotJudged(RunauditError):  # noqa: N818  it is an answer, not an error
    """A detector's answer that the log does not hold enough to judge; ``needs`` is what to log."""

    def __init__(self, reason: str, *needs: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.needs = needs


class NotMeant(NotJudged):
    """A detector's answer that its rule is not for such a run, whatever were logged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
