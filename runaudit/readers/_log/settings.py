"""What a log says about how its run was made: the arguments of the script and lines such as ``lr: 0.1``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from runaudit.readers._log.prepare import PREFIX
from runaudit.readers._text import is_number, numbered_lines

MOST_LINES = 5_000
LONGEST = 20_000
NAMESPACE = re.compile(r"Namespace\((?P<body>.*)\)")
ARGUMENT = re.compile(r"(?P<key>[A-Za-z_]\w*)=(?P<value>'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\([^)]*\)|[^,()\[\]]+)")
KEYS = (
    r"(?:base_|initial_|init_|max_|peak_)?(?:lr|learning[_ ]rate)|(?:train_)?batch[_ ]size"
    r"|(?:num_|n_|max_|train_)?epochs|max_steps|optimizer|weight_decay|momentum|dropout|(?:num_|n_)?classes|num_labels|warmup_steps|label_smoothing|seed"
    r"|loss|scheduler|lr_scheduler(?:_type)?|vocab_size|pretrained|grad_clip|max_grad_norm|gradient_accumulation_steps"
    r"|num_params|n_parameters"
)
LINE = re.compile(
    rf"[\s|>*-]*(?:-- ?)?(?P<key>{KEYS})\s*(?:[:=]|\.{{3,}}|\s\|)\s*(?P<value>[^\s,:;|{{\[(]+)[\s|,;]*", re.IGNORECASE
)
BANNER = re.compile(
    r"\s*(?P<key>Num examples|Num Epochs|Gradient Accumulation steps|Total optimization steps)\s*=\s*(?P<value>[\d,]+)"
)
BANNERS = {
    "num examples": "train_samples",
    "num epochs": "num_train_epochs",
    "gradient accumulation steps": "gradient_accumulation_steps",
    "total optimization steps": "max_steps",
}


def settings(text: str, before: int) -> dict[str, Any]:
    r"""Return the settings in the lines before the log begins, in the spelling of the file; the last one counts.

    >>> settings("Namespace(lr=0.1, arch='vit', steps=[1, 2])\nbatch_size: 32\n", 9)
    {'lr': 0.1, 'arch': 'vit', 'batch_size': 32}
    """
    found: dict[str, Any] = {}
    for number, line in numbered_lines(text):
        if number >= before or number > MOST_LINES:
            break
        for key, value in _in_line(line[:LONGEST]):
            plain = _plain(value)
            if plain is not None:
                found[key] = plain
    return found


def _in_line(line: str) -> Iterator[tuple[str, str]]:
    arguments = NAMESPACE.search(line) if "Namespace(" in line else None
    if arguments:
        yield from ((m["key"], m["value"]) for m in ARGUMENT.finditer(arguments["body"]))
        return
    start = PREFIX.match(line)
    body = line[start.end() :] if start else line
    banner = BANNER.match(body)
    if banner:
        yield BANNERS[banner["key"].lower()], banner["value"].replace(",", "")
        return
    named = LINE.fullmatch(body)
    if named:
        yield named["key"].replace(" ", "_"), named["value"]


def _plain(text: str) -> str | float | int | bool | None:
    """Return the value that a text spells, None for a list or nothing."""
    bare = text.strip().strip("'\"")
    if not bare or bare[0] in "[(" or bare in {"None", "null"}:
        return None
    if bare in {"True", "False"}:
        return bare == "True"
    for kind in (int, float) if is_number(bare) else ():
        try:
            return kind(bare)
        except ValueError:
            continue
    return bare
