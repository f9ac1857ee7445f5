"""Let Flair 0.15.1 (transformers 4.48.3) write its table and its log: ``python sample_logs/formats/make_flair.py``."""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from pathlib import Path

import flair
from flair.data import Corpus, Sentence
from flair.datasets import FlairDatapointDataset
from flair.embeddings import OneHotEmbeddings
from flair.models import SequenceTagger
from flair.trainers import ModelTrainer

TABLE = Path(__file__).parent / "flair_tsv" / "healthy" / "loss.tsv"
LOG = Path(__file__).parent / "text_log" / "healthy-flair" / "training.log"
NAMES = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Niklaus", "Margaret", "Katherine", "Tim"]
TOWNS = ["Bern", "Oslo", "Lima", "Turin", "Quito", "Perth", "Hanoi", "Dakar", "Porto", "Leeds"]
FRAMES = (
    "{} went to {} last week .",
    "In {1} nobody had seen {0} .",
    "Yesterday {} wrote from {} again .",
    "{} hates {} .",
)


def _sentence() -> Sentence:
    """Return a sentence in which a person and a town are marked; a tenth of the marks are missing."""
    who, where = random.choice(NAMES), random.choice(TOWNS)  # noqa: S311
    sentence = Sentence(random.choice(FRAMES).format(who, where))  # noqa: S311
    for token in sentence:
        kind = "PER" if token.text in NAMES else "LOC" if token.text in TOWNS else None
        if kind and random.random() < 0.9:  # noqa: S311
            sentence[token.idx - 1 : token.idx].add_label("ner", kind)
    return sentence


def main() -> None:
    """Train a small tagger of names for twelve epochs and keep the table and the log."""
    random.seed(0)
    flair.set_seed(0)
    data = [FlairDatapointDataset([_sentence() for _ in range(n)]) for n in (800, 200, 200)]
    corpus = Corpus(*data)
    tagger = SequenceTagger(
        OneHotEmbeddings.from_corpus(corpus, embedding_length=16), corpus.make_label_dictionary("ner"), "ner",
        hidden_size=32, use_crf=False,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        ModelTrainer(tagger, corpus).train(
            folder, learning_rate=0.2, mini_batch_size=20, max_epochs=12, save_final_model=False
        )
        for kept in (TABLE, LOG):
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(folder) / kept.name, kept)
    text = re.sub(r"^\S+ \S+ ", "2026-01-01 12:00:00,000 ", LOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = text.replace(folder, "runs")
    LOG.write_text(re.sub(r"(time \(sec\)|samples/sec): [\d.]+", r"\1: 1.00", text), encoding="utf-8")
    TABLE.write_text(re.sub(r"\d\d:\d\d:\d\d", "12:00:00", TABLE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
