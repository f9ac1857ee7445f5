from pathlib import Path, PurePosixPath

import pytest

from runaudit.model import Reduction
from runaudit.readers.lightning_csv import READER

TEXT = """epoch,lr-Adam,step,train_loss_epoch,train_loss_step,val_loss
0,,0,,inf,
0,0.1,0,,,
0,,1,,nan,
0,,1,,,0.7
0,,1,0.9,,
"""


def test_sparse_rows_keep_their_places(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text(TEXT)
    (log,) = READER.read(path)
    found = {s.name: (str(s.values.tolist()), s.rows.tolist(), s.lines.tolist(), s.reduction) for s in log.series}
    assert found["train_loss_step"] == ("[inf, nan]", [0, 2], [2, 4], Reduction.STEP)
    assert found["train_loss_epoch"] == ("[0.9]", [4], [6], Reduction.EPOCH_MEAN)
    assert found["val_loss"] == ("[0.7]", [3], [5], None)
    assert found["step"] == ("[0.0, 0.0, 1.0, 1.0, 1.0]", [0, 1, 2, 3, 4], [2, 3, 4, 5, 6], None)
    assert log.notes == ()


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("lightning_logs/version_0/metrics.csv", TEXT, True),
        ("metrics.csv", "loss,epoch,step\n1,0,0\n", True),
        ("metrics.csv", "epoch,loss\n0,1\n", False),
        ("progress.csv", TEXT, False),
        ("metrics.csv", "", False),
        ("metrics.csv", "epoch\tstep\n0\t1\n", False),
    ],
)
def test_the_name_and_both_axes_decide(name: str, head: str, expected: bool) -> None:
    assert READER.claims(PurePosixPath(name), head.encode()) is expected
