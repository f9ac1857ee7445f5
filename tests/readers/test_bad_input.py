"""What every table and text reader must survive: one clear sentence, never another error, never silence."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit.errors import LogError
from runaudit.readers import Reader, csv_table, hf_trainer_state, jsonl, keras_csv, lightning_csv, nanogpt_text

CSV = "epoch,step,loss,val_loss\n" + "".join(f"{i // 10},{i},{1 / (i + 1)},\n" for i in range(40))
GOOD = {
    csv_table.READER: ("log.csv", CSV),
    keras_csv.READER: ("log.csv", "epoch,loss,val_loss\n0,2,3\n1,1,2\n"),
    lightning_csv.READER: ("metrics.csv", CSV),
    jsonl.READER: ("log.jsonl", "".join(f'{{"step": {i}, "loss": {1 / (i + 1)}}}\n' for i in range(40))),
    hf_trainer_state.READER: (
        "trainer_state.json",
        '{"log_history": [\n' + ",\n".join(f'{{"step": {i}, "loss": 1.5}}' for i in range(40)) + "\n]}\n",
    ),
    nanogpt_text.READER: ("log.txt", "".join(f"iter {i}: loss {1 / (i + 1)}, lr 1e-3\n" for i in range(40))),
}
every_reader = pytest.mark.parametrize("reader", GOOD, ids=lambda reader: reader.name)
NAMES = [
    "log.csv",
    "a.tsv",
    "log.txt",
    "log.jsonl",
    "log.json",
    "log_history.json",
    "metrics.csv",
    "trainer_state.json",
    "x",
    "a.log",
]


def outcome(reader: Reader, path: Path, data: bytes) -> str:
    """Return what reading gives: the reason of a refusal, the notes, or nothing."""
    path.write_bytes(data)
    try:
        logs = reader.read(path)
    except LogError as error:
        refusal = error
    else:
        assert all(log.series for log in logs)
        return "; ".join(note.message for log in logs for note in log.notes)
    assert refusal.reason
    assert "\n" not in refusal.reason
    assert refusal.kind in {"corrupt", "not-a-log"}
    assert refusal.line is None or refusal.line >= 1
    return refusal.reason


@every_reader
def test_a_good_file_is_claimed_and_read_without_notes(reader: Reader, tmp_path: Path) -> None:
    name, text = GOOD[reader]
    assert reader.claims(PurePosixPath(name), text.encode()[:4096])
    assert outcome(reader, tmp_path / name, text.encode()) == ""


@every_reader
def test_an_empty_file(reader: Reader, tmp_path: Path) -> None:
    assert "0 bytes" in outcome(reader, tmp_path / GOOD[reader][0], b"")


@every_reader
@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02" * 100, bytes(range(256)) * 4, b"\n\n\n", b"\xff\xfe\x00", b"{", b"[", b'"']
)
def test_what_is_no_log_at_all_is_refused(reader: Reader, tmp_path: Path, data: bytes) -> None:
    assert outcome(reader, tmp_path / GOOD[reader][0], data)


@every_reader
def test_latin_1_is_noted(reader: Reader, tmp_path: Path) -> None:
    name, text = GOOD[reader]
    assert "Latin-1" in outcome(reader, tmp_path / name, text.replace("loss", "loss_\xe9", 1).encode("latin-1"))


@every_reader
def test_every_cut_is_a_sentence_or_a_log(reader: Reader, tmp_path: Path) -> None:
    name, text = GOOD[reader]
    for end in range(1, len(text), 7):
        outcome(reader, tmp_path / name, text[:end].encode())


@every_reader
def test_a_cut_inside_a_record_is_told(reader: Reader, tmp_path: Path) -> None:
    name, text = GOOD[reader]
    if reader.name == "nanogpt_text":
        pytest.skip("a line of text has no end that could be missed")
    cut = text.rindex("loss" if name.endswith(("jsonl", "json")) else ",")
    assert "cut off" in outcome(reader, tmp_path / name, text[:cut].encode())


@every_reader
def test_nan_everywhere_stays_nan(reader: Reader, tmp_path: Path) -> None:
    name, _ = GOOD[reader]
    text = {
        "csv_table": "step,loss\nnan,nan\nnan,nan\n",
        "keras_csv": "epoch,loss\n0,nan\n1,nan\n",
        "lightning_csv": "epoch,step,loss\nnan,nan,nan\n",
        "jsonl": '{"step": NaN, "loss": NaN}\n',
        "hf_trainer_state": '{"log_history": [{"step": 1, "loss": NaN}]}',
        "nanogpt_text": "iter 0: loss nan\n",
    }[reader.name]
    assert outcome(reader, tmp_path / name, text.encode()) == ""
    (log,) = reader.read(tmp_path / name)
    (loss,) = [s for s in log.series if s.name == "loss"]
    assert len(loss.values) == len(loss.lines) > 0
    assert all(value != value for value in loss.values)


@every_reader
def test_a_folder_with_the_name_and_a_missing_file_are_os_errors(reader: Reader, tmp_path: Path) -> None:
    folder = tmp_path / GOOD[reader][0]
    with pytest.raises(FileNotFoundError):
        reader.read(folder)
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        reader.read(folder)


@every_reader
def test_a_file_without_permission_is_an_os_error(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(PermissionError):
        reader.read(tmp_path / GOOD[reader][0])


@every_reader
@given(
    head=st.one_of(st.binary(max_size=300), st.text('ab,;|\t "\n\r#{}[]:0.5e-nainf\x1b', max_size=300).map(str.encode)),
    name=st.sampled_from(NAMES),
)
def test_claims_and_read_survive_any_bytes(
    reader: Reader, head: bytes, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert reader.claims(PurePosixPath(name), head) in {True, False}
    outcome(reader, tmp_path_factory.mktemp("any") / name, head)


@every_reader
@given(data=st.data())
def test_a_changed_letter_is_survived(
    reader: Reader, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name, text = GOOD[reader]
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from('\0\n\r,"{}[]:x5-é'))
    changed = (text[:at] + letter + text[at + 1 :]).encode()
    assert reader.claims(PurePosixPath(name), changed[:4096]) in {True, False}
    outcome(reader, tmp_path_factory.mktemp("changed") / name, changed)


@every_reader
@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("train.py", b"loss = 3\nfor step in range(10):\n    print(step, loss)\n"),
        ("README.md", b"# Training\n\n| step | loss |\n|---|---|\n| 1 | 2 |\n"),
        ("README", b"Train with\n\n  python train.py\n"),
        ("requirements.txt", b"numpy==1.26.0\npandas>=2\n"),
        ("package.json", b'{"name": "x", "version": "1.0.0"}\n'),
        ("config.json", b'{"lr": 0.1, "max_steps": 100, "loss": "mse"}\n'),
        ("config.yaml", b"lr: 0.1\nmax_steps: 100\n"),
        ("hparams.yaml", b"lr: 0.1\n"),
        ("args.json", b'{\n  "epochs": 3,\n  "lr": 0.1\n}\n'),
        ("wandb-summary.json", b'{"loss": 0.1, "_step": 100, "val_loss": 0.2}\n'),
        ("labels.csv", b"run,path,labels,why\nr0,r0,healthy,tuned rate\n"),
        ("manifest.csv", b"path,repository,sha256\na/loss.csv,x/y,abc\n"),
        ("events.out.tfevents.17", b"\x18\x00\x00\x00\x00\x00\x00\x00\xa3"),
        ("model.pt", b"PK\x03\x04"),
    ],
)
def test_what_lies_beside_logs_is_not_claimed(reader: Reader, name: str, head: bytes) -> None:
    assert not reader.claims(PurePosixPath(name), head)
