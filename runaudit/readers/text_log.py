"""Any text that a training script printed: lines that count steps or epochs and name a measure, in any words.

Tested with live writers: Keras, Lightning, transformers, mmengine, Flair, spaCy, Coqui, skorch, XGBoost, LightGBM and
CatBoost. From sources and public excerpts only: the examples of PyTorch, timm, Swin, DETR, detectron2, fairseq, ESPnet,
OpenNMT, Marian, NeMo, nnU-Net, CycleGAN, torchtitan, OLMo, LitGPT, kohya, PaddlePaddle, TensorFlow estimators, MXNet,
Caffe and Ultralytics.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from runaudit.model import RawLog
from runaudit.readers import Reader
from runaudit.readers._text import head_lines
from runaudit.readers._words import sounds_like_log

LOGS = re.compile(r"\.(?:log|out|err|stdout|stderr|[oe]\d+)")
TEXTS = {".txt", ""}
OUTPUT = re.compile(r"(?:^|[^a-z])(?:logs?|slurm|nohup|stdout|stderr)(?![a-z])")
PERHAPS = re.compile(
    r"(?:^|[^a-z])(?:output|console|terminal|screen|print|train|training|run|results?|progress|history)(?![a-z])"
)
ELSEWHERE = re.compile(
    r"debug(?:-internal|-core|-cli.*)?|npm-debug|yarn-error|pip|cmake\w*|config|install|setup|build|dmesg|syslog|access|error"
    r"|robots|vocab|merges|classes|labels|tags|words|sources|manifest|citation|copying|authors|todo|changes|changelog|news"
    r"|readme.*|licen[cs]e.*|requirements.*|notice.*|third.?party.*|top_level|entry_points|dependency_links|requires|record"
)
SIGNS = (
    re.compile(r"^\W*(?:\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|[IWEF]\d{4} |\w{3} \w{3} +\d+ \d\d:)"),
    re.compile(r"\b(?:INFO|WARNING|DEBUG|ERROR)\b|Traceback \(most recent|Warning:|warnings\.warn|Namespace\("),
    re.compile(r"\d%\||\b\d+/\d+ \[[=>.]+\]|it/s\]"),
    re.compile(r"(?i)\b(?:epoch|iteration|step)s?\b\W{0,3}\d"),
    re.compile(
        r"(?i)^\W*(?:loading|loaded|using|building|creating|training|starting|start|preparing|running|device|model)\b"
    ),
)
FEW = 3


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file is the output of a program, by its suffix or name and first lines; it need not train yet.

    A text file of another name is claimed if its first lines are a training log themselves.
    """
    suffix, stem = path.suffix.lower(), path.stem.lower()
    named = LOGS.fullmatch(suffix) is not None
    if not (named or suffix in TEXTS):
        return False
    if not head:
        return suffix == ".log" and sounds_like_log(path)
    lines = [line for line in head_lines(head) if line.strip()]
    if not lines:
        return False
    if not ELSEWHERE.fullmatch(stem):
        if named or OUTPUT.search(stem):
            return True
        signs = sum(any(sign.search(line) for sign in SIGNS) for line in lines) if PERHAPS.search(stem) else 0
        if signs >= min(FEW, len(lines)):
            return True
    from runaudit.readers._log.scan import scan  # the grammar of text takes long to import, and few files need it

    rows = scan("\n".join(lines) + "\n")
    return any(row.plan.axes for row in rows) and sum(row.plan.measures for row in rows) > 1


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the runs in the text. Raises ``LogError`` if no line counts steps or epochs and names a measure."""
    from runaudit.readers._log import read_log

    return read_log(path, "text_log")


READER = Reader("text_log", "Text printed by a training script", claims, read, priority=-10)
