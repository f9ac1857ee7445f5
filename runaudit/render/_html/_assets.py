"""What every page of ours is made with: templates that escape everything, our style sheet, what may run."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

from runaudit.text import clean, count

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(package: str = "_html") -> Environment:
    """Return the templates of a package of ``runaudit.render``; what they write is escaped and without controls."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def harmless(value: object) -> object:
        """Return what a template writes without control and bidi characters; autoescape does the rest."""
        return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    env = Environment(
        loader=PackageLoader("runaudit.render", package),
        autoescape=True,
        finalize=harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["count"] = count
    return env


def asset(name: str) -> str:
    """Return a style sheet or script of ours."""
    return tight(resources.files("runaudit.render._html").joinpath(name).read_text("utf-8"))


def tight(text: str) -> str:
    """Return the text without indents and empty lines; no text of a log holds a line break."""
    return re.sub(r"\s*\n\s*", "\n", text).strip()


def smaller(style: str) -> str:
    """Return our style sheet without comments and blanks; none of its strings holds a colon or a comma."""
    style = re.sub(r"/\*.*?\*/", "", style)
    return re.sub(r"([:,]) ", r"\1", re.sub(r"\s*([{};])\s*", r"\1", style)).replace(";}", "}")


def digest(text: str) -> str:
    """Return what a content security policy calls the text, so that the browser runs it and nothing else."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
