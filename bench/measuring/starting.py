"""A session -> the table of starts: from the command to the end of the first step, cached data."""

import shutil
import subprocess
import sys
import time
from functools import partial
from typing import Any

from measuring.child import ChildError
from measuring.contenders import HF, LITGPT_MIXED, OURS, TRL_FREE
from measuring.interleaved import ratio, take_turns
from measuring.session import Session
from measuring.tasks import Material, Task, make_task
from measuring.training import train_once

Figures = dict[str, Any]
_PEERS = (TRL_FREE, HF, LITGPT_MIXED)


def measure_starts(session: Session) -> Figures:
    """Tunesmith with its data prepared; peers with rows that are encoded already."""
    task = make_task(Material(model="pythia-70m", data="lamini"), session.places)
    peers = session.chosen(_PEERS[:1] if session.is_quick else _PEERS)
    trial = session.trial(peers, steps=2, warmup=1)
    taken = take_turns(
        {
            OURS.name: partial(_start_once, task, session),
            **{peer.name: partial(_peer_start, peer, task, trial) for peer in peers},
        },
        repeats=session.repeats,
    )
    ratios = {}
    speeds = {
        name: figures["first_step_seconds"]
        for name, figures in taken.items()
        if "failed" not in figures
    }
    ours = speeds.pop(OURS.name, None)
    if ours is not None and speeds:
        quickest = min(speeds, key=lambda name: speeds[name]["median"])
        ratios["start"] = {"against": quickest, **ratio(speeds[quickest], ours)}
    return {
        "title": "From the command to the end of the first step, Pythia-70M, cached data",
        "facts": task.facts,
        "contenders": taken,
        "ratios": ratios,
    }


def _peer_start(peer: Any, task: Task, trial: Any) -> Figures:
    return {"first_step_seconds": train_once(peer, task, trial)["first_step_seconds"]}


def _start_once(task: Task, session: Session) -> Figures:
    """`tunesmith train` until the first step stands in its log; then it is stopped."""
    run = session.scratch / "start"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(task.run, run)
    command = [sys.executable, "-m", "tunesmith", "train", str(task.recipe), "--run", str(run)]
    log = run / "log.jsonl"
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not (log.is_file() and b'"train"' in log.read_bytes()):
            if process.poll() is not None:
                raise ChildError(f"tunesmith train ended with {process.returncode}")
            time.sleep(0.01)
        seconds = time.monotonic() - started
    finally:
        process.kill()
        process.wait()
    shutil.rmtree(run)
    return {"first_step_seconds": seconds}
