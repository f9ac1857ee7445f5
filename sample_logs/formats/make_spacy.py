"""Keep what spaCy prints while it trains: ``python sample_logs/formats/make_spacy.py`` (3.8.18)."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import spacy
from _console import recorded
from spacy.cli.init_config import init_config
from spacy.cli.train import train
from spacy.tokens import DocBin, Span

NAMES = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Niklaus", "Margaret", "Katherine", "Tim"]
TOWNS = ["Bern", "Oslo", "Lima", "Turin", "Quito", "Perth", "Hanoi", "Dakar", "Porto", "Leeds"]
FRAMES = (
    "{} went to {} last week .",
    "In {1} nobody had seen {0} .",
    "Yesterday {} wrote from {} again .",
    "{} hates {} .",
)


def _corpus(path: Path, count: int) -> None:
    """Write sentences in which every name of a person and a town is marked."""
    nlp, store = spacy.blank("en"), DocBin()
    for _ in range(count):
        who, where = random.choice(NAMES), random.choice(TOWNS)  # noqa: S311
        doc = nlp(random.choice(FRAMES).format(who, where))  # noqa: S311
        marks = {who: "PERSON", where: "PLACE"}
        doc.ents = [Span(doc, t.i, t.i + 1, marks[t.text]) for t in doc if t.text in marks]
        store.add(doc)
    store.to_disk(path)


def main() -> None:
    """Train a small tagger of names for 400 steps."""
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        _corpus(Path(folder, "train.spacy"), 400)
        _corpus(Path(folder, "dev.spacy"), 100)
        config = init_config(lang="en", pipeline=["ner"], optimize="efficiency", gpu=False)
        config.to_disk(Path(folder, "config.cfg"))
        overrides = {
            "paths.train": f"{folder}/train.spacy", "paths.dev": f"{folder}/dev.spacy", "training.max_steps": 400,
            "training.eval_frequency": 20, "components.tok2vec.model.encode.width": 32, "training.seed": 0,
        }  # fmt: skip
        with recorded("healthy-spacy"):
            train(Path(folder, "config.cfg"), Path(folder, "out"), overrides=overrides)


if __name__ == "__main__":
    main()
