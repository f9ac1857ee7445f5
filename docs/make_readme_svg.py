"""Write docs/report.svg, the picture of the README: the report on one sample log. Run after a change of the report."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

import runaudit
from runaudit.model import Report
from runaudit.render import Options, renderer

HERE = Path(__file__).resolve().parent
SAMPLE = "sample_logs/keras_csv/overfitting"  # as one would type it in the repository
WIDTH = 92
BLACK, WHITE, TEXT = (22, 27, 34), (201, 209, 217), (214, 221, 229)
RED, GREEN, YELLOW = (255, 107, 98), (86, 211, 100), (240, 190, 80)
BLUE, MAGENTA, CYAN = (110, 168, 254), (214, 140, 255), (86, 212, 221)
THEME = TerminalTheme(BLACK, TEXT, [BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE])
FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>The report of runaudit on a run that overfits</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 16px; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture(report: Report, title: str) -> str:
    """Return the report as an SVG that needs no network: it names fonts, and loads none."""
    text = renderer("rich").render(report, Options(WIDTH, color=True))
    console = Console(file=io.StringIO(), record=True, width=WIDTH, color_system="truecolor", force_terminal=True)
    console.print(Text.from_ansi(text.rstrip("\n")), soft_wrap=True)
    svg = console.export_svg(title=title, theme=THEME, code_format=FORMAT, unique_id="runaudit")
    return "".join(line.rstrip() + "\n" for line in svg.splitlines())


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "report.svg"
    with contextlib.chdir(HERE.parent):
        drawn = picture(runaudit.audit([SAMPLE]), f"runaudit check {SAMPLE}")
    target.write_text(drawn, "utf-8")
