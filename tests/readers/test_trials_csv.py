"""Tables of trials are refused with a sentence that says what they are; logs that hold settings are not."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runaudit.load import load
from runaudit.readers.trials_csv import claims

OPTUNA = (
    "number,value,datetime_start,datetime_complete,duration,params_lr,params_units,state\n"
    "0,0.51,2024-01-01 00:00:00,2024-01-01 00:01:00,0 days 00:01:00,0.1,32,COMPLETE\n"
    "1,0.42,2024-01-01 00:00:00,2024-01-01 00:01:00,0 days 00:01:00,0.2,64,COMPLETE\n"
)
TRIALS = {
    "optuna": OPTUNA,
    "ray": "val_loss,training_iteration,trial_id,config/lr,config/bs,logdir\n0.5,10,a1,0.1,8,/x\n0.25,10,a2,0.2,8,/y\n",
    "sklearn": "mean_fit_time,param_C,params,mean_test_score\n0.1,1,\"{'C': 1}\",0.9\n0.2,2,\"{'C': 2}\",0.8\n",
    "home": "lr,batch_size,dropout,val_acc\n0.1,32,0.1,0.91\n0.01,32,0.2,0.92\n0.1,64,0.3,0.93\n",
    "epochs": "model,lr,optimizer,epochs,test_loss\na,0.1,sgd,10,0.5\nb,0.1,adam,10,0.4\nc,0.1,sgd,20,0.3\n",
}
LOGS = {
    "settings beside": "epoch,batch_size,num_batches,loss\n1,128,10,2.5\n2,128,10,1.5\n3,128,10,0.5\n",
    "a setting without an axis": "train_loss,val_loss,lr,dropout\n2.5,2.5,0.1,0.1\n1.5,2,0.09,0.1\n1.2,1.9,0.08,0.1\n",
    "a short log": "step,loss,batch_size,lr\n0,2.5,8,0.1\n",
    "no result": "id,batch_size,dropout\n1,2,0.5\n2,3,0.25\n",
    "only flags": "run,arch,optimizer,validation\na,mlp,sgd,1\nb,cnn,sgd,0\nc,cnn,adam,0\n",
    "a growing batch": "step,loss,batch_size,lr\n0,2.5,8,0.1\n1,2.5,16,0.1\n2,2.5,32,0.1\n",
}


@pytest.mark.parametrize("name", TRIALS)
def test_trials_are_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TRIALS[name])
    loaded = load([tmp_path])
    assert not loaded.runs
    (refused,) = loaded.unreadable
    count = TRIALS[name].count("\n") - 1
    assert refused.reason.startswith(f"a table of trials and no curve: {count} trials, one a row, with settings (")
    assert " and results (" in refused.reason
    assert refused.kind == "not-a-log"


@pytest.mark.parametrize("name", LOGS)
def test_logs_are_not_taken_for_trials(name: str) -> None:
    assert not claims(PurePosixPath("table.csv"), LOGS[name].encode())


def test_other_files_are_not_claimed() -> None:
    assert not claims(PurePosixPath("table.txt"), OPTUNA.encode())
    assert not claims(PurePosixPath("table.csv"), b"1,2,3\n4,5,6\n")
    assert not claims(PurePosixPath("table.csv"), b"")


def test_settings_beside_nothing_but_a_time_are_no_curve(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("n_layers,batch_size,learning_rate,total_time\n1,8,0.1,3\n2,8,0.1,4\n3,8,0.1,7\n")
    found = load([tmp_path])
    assert not found.runs
    assert found.unreadable[0].reason.startswith("a table of trials and no curve: 3 trials")
