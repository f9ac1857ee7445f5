"""Rule, log format or output format -> its page, as markdown and for the terminal: the only place where it is made."""

from __future__ import annotations

from collections.abc import Collection

from runaudit.docs._markdown import cell, fence, table, write_markdown
from runaudit.docs._output import Output, output_page
from runaudit.docs._page import Page, Section, paragraphs
from runaudit.docs._reader import reader_page, said
from runaudit.docs._rule import rule_page
from runaudit.docs._terminal import listing, write_terminal
from runaudit.pen import Options
from runaudit.readers import Reader
from runaudit.ruleset import Rule

__all__ = [
    "Output", "Page", "Section", "Subject", "cell", "fence", "listing", "markdown", "page", "paragraphs", "said",
    "table", "terminal",
]  # fmt: skip

Subject = Rule | Reader | Output


def page(subject: Subject, options: Options, rules: Collection[Rule] = ()) -> Page:
    """Return the page of a rule, a log format or an output format; ``rules`` are all there are, for what is related."""
    if isinstance(subject, Rule):
        return rule_page(subject, options, rules)
    return reader_page(subject) if isinstance(subject, Reader) else output_page(subject)


def terminal(subject: Subject, options: Options, rules: Collection[Rule] = ()) -> str:
    """Return the page in lines no wider than ``options.width``."""
    return write_terminal(page(subject, options, rules), options)


def markdown(subject: Subject, rules: Collection[Rule] = ()) -> str:
    """Return the page as GitHub markdown."""
    return write_markdown(page(subject, Options(120), rules))
