"""Let Stable-Baselines3 write its logs: ``python sample_logs/formats/make_sb3.py`` (2.9.2, gymnasium's CartPole-v1).

``baselines_progress/healthy`` is its progress.csv, ``baselines_log/healthy`` what the same run printed and
``monitor_csv/healthy`` the episodes of its environment.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import gymnasium
from stable_baselines3 import PPO
from stable_baselines3.common.logger import configure
from stable_baselines3.common.monitor import Monitor

FORMATS = Path(__file__).parent
STEPS = 20_000
WHERE = {
    "progress.csv": "baselines_progress/healthy/progress.csv",
    "log.txt": "baselines_log/healthy/log.txt",
    "monitor.csv": "monitor_csv/healthy/monitor.csv",
}


def main() -> None:
    """Train once and keep the three logs in folders of their own, since they tell of one run."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = Monitor(gymnasium.make("CartPole-v1"), str(home / "monitor.csv"))
        model = PPO("MlpPolicy", environment, n_steps=512, batch_size=128, learning_rate=5e-4, seed=0, device="cpu")
        model.set_logger(configure(folder, ["csv", "log"]))
        model.learn(STEPS)
        for name, place in WHERE.items():
            (FORMATS / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(home / name, FORMATS / place)
    log = FORMATS / WHERE["log.txt"]
    log.write_text(log.read_text(encoding="utf-8").replace(folder, "logs"), encoding="utf-8")
    monitor = FORMATS / WHERE["monitor.csv"]
    text = re.sub(r'"t_start": [\d.]+', '"t_start": 1700000000.0', monitor.read_text(encoding="utf-8"))
    monitor.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
