"""Let Ultralytics write ``ultralytics_csv/healthy``: ``python sample_logs/formats/make_ultralytics.py`` (8.4.190)."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import yaml

HOME = Path(__file__).parent / "ultralytics_csv" / "healthy"
KEPT = ("results.csv", "args.yaml")
SIDE = 64


def main() -> None:
    """Train a small detector on drawn squares and discs, and keep what the report of the run is made of."""
    os.environ["YOLO_OFFLINE"] = "true"
    from ultralytics import YOLO

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        rng = np.random.default_rng(0)
        for split, count in (("train", 192), ("val", 64)):
            for number in range(count):
                _draw(home, split, number, rng)
        (home / "data.yaml").write_text(
            yaml.safe_dump({"path": folder, "train": "images/train", "val": "images/val", "names": ["square", "disc"]})
        )
        model = YOLO("yolov8n.yaml")
        model.train(
            data=str(home / "data.yaml"), epochs=40, imgsz=SIDE, batch=32, workers=0, plots=False, device="cpu",
            project=folder, name="run", exist_ok=True, optimizer="AdamW", lr0=0.002, verbose=False, seed=0,
        )  # fmt: skip
        HOME.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            text = (home / "run" / name).read_text(encoding="utf-8")
            (HOME / name).write_text(text.replace(folder, "."), encoding="utf-8")
    shutil.rmtree("runs", ignore_errors=True)


def _draw(home: Path, split: str, number: int, rng: np.random.Generator) -> None:
    """Write one picture with one shape on a noisy ground, and its label."""
    import cv2

    image = rng.integers(90, 150, (SIDE, SIDE, 3), dtype=np.uint8)
    kind, size = int(rng.integers(2)), int(rng.integers(6, 14))
    x, y = (int(v) for v in rng.integers(size, SIDE - size, 2))
    colour = tuple(int(v) for v in rng.integers(150, 255, 3))
    if kind:
        cv2.circle(image, (x, y), size, colour, -1)
    else:
        cv2.rectangle(image, (x - size, y - size), (x + size, y + size), colour, -1)
    for folder in ("images", "labels"):
        (home / folder / split).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(home / "images" / split / f"{number}.png"), image)
    label = f"{kind} {x / SIDE:.5f} {y / SIDE:.5f} {2 * size / SIDE:.5f} {2 * size / SIDE:.5f}\n"
    (home / "labels" / split / f"{number}.txt").write_text(label)


if __name__ == "__main__":
    main()
