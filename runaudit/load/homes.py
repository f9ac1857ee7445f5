"""Where a file belongs, when its own place does not say: the run of a tracker holds what others wrote beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from runaudit.errors import LogError
from runaudit.load.found import Claimed
from runaudit.load.unpack import on_disk

WANDB, SACRED, MLFLOW, TRAINER, EVENTS = "wandb_offline", "sacred", "mlflow_files", "hf_trainer_state", "tfevents"
KALDI = "kaldi_nnet3"
CAPTURED = {WANDB: "output.log", SACRED: "cout.txt"}  # what the program printed, as the tracker of that format keeps it
PRINTED = re.compile(r"files/output\.log(?:\.\w+)?$")
PART = re.compile(r".+_.+")  # the folder that add_scalars makes for one of its curves


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of the run that a file belongs to, and the one ``inside`` it in which its own kind is read together.

    The two differ for a guest: a file that may hold the run of the folder a second time, or one of its own.
    """

    folder: PurePosixPath
    inside: PurePosixPath

    @property
    def guest(self) -> bool:
        """Say whether the file lies there as a guest."""
        return self.folder != self.inside


def homes_of(claimed: Sequence[Claimed]) -> list[Home]:
    """Return the home of each file: as its reader says, or the folder of the tracker's run in which it lies.

    That is W&B's folder for ``files/output.log``, MLflow's for what lies below ``artifacts``, that of a
    ``trainer_state.json`` for the event files below ``runs`` beside it, Kaldi's for all that lies in its ``log``. The
    folders that TensorBoard's ``add_scalars`` makes, one a curve, belong to that of the writer, above them.
    """
    plain = [one.reader.home(one.file.rel) for one in claimed]
    by_reader: dict[str, set[PurePosixPath]] = {}
    for one, home in zip(claimed, plain, strict=True):
        by_reader.setdefault(one.reader.name, set()).add(home)
    return [_home(one, home, by_reader) for one, home in zip(claimed, plain, strict=True)]


def _home(one: Claimed, home: PurePosixPath, by_reader: dict[str, set[PurePosixPath]]) -> Home:
    """Return the home of one file; ``by_reader`` has the homes that the readers found, by their name."""
    above = home.parent
    if PRINTED.search(str(one.file.rel)) and above in by_reader.get(WANDB, ()):
        return Home(above, home)
    if home.name == "log" and above in by_reader.get(KALDI, ()):
        return Home(above, home)
    if one.reader.name == EVENTS:
        if above.name == "runs" and above.parent in by_reader.get(TRAINER, ()):
            return Home(above.parent, home)
        if above in by_reader[EVENTS] and PART.fullmatch(home.name) and _is_part(one, home.name):
            return Home(above, above)
    if one.reader.name != MLFLOW and "artifacts" in home.parts:
        at = home.parts.index("artifacts")
        owner = PurePosixPath(*home.parts[:at])
        if owner in by_reader.get(MLFLOW, ()):
            return Home(owner, home)
    return Home(home, home)


def _is_part(one: Claimed, folder: str) -> bool:
    """Say whether the event file holds the one tag after which ``add_scalars`` names such a folder."""
    from runaudit.readers._scalars import key_of, tags_of  # takes long to import, and few folders have such names

    try:
        with on_disk(one.file.path) as (real, _):
            return key_of(folder, tags_of(real)) != ""
    except (OSError, LogError):
        return False
