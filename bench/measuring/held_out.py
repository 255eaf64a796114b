"""A session -> the table of held-out loss after the same examples in the same order.

The reference is transformers' Trainer, padded, fp32. Every model is judged by the same program
of its own, `peers/held_out_loss.py`: padded-free of doubt, one row at a time, fp32.
"""

import json
from typing import Any

from measuring.child import ChildError, run_child
from measuring.contenders import HF, HF_BF16, OURS, OURS_FP32, TRL_FREE, Contender
from measuring.environments import PEERS_FOLDER
from measuring.session import Session
from measuring.tasks import Material, Task, make_task
from measuring.training import Trial, train_once

Figures = dict[str, Any]
_CONTENDERS = (HF, OURS_FP32, OURS, TRL_FREE, HF_BF16)


def measure_held_out(session: Session) -> Figures:
    """Train each once for 40 steps (quick: 8), then compare the losses."""
    task = make_task(Material(model="pythia-70m", data="lamini", validation=0.1), session.places)
    everyone = list(_CONTENDERS[:3] if session.is_quick else _CONTENDERS)
    trial = session.trial(everyone, steps=8 if session.is_quick else 40)
    taken: dict[str, Figures] = {}
    for contender in everyone:
        try:
            taken[contender.name] = {"loss": _loss_after(contender, task, trial, session)}
        except ChildError as error:
            taken[contender.name] = {"failed": str(error)}
    reference = taken[HF.name].get("loss")
    for figures in taken.values():
        if reference is not None and "loss" in figures:
            figures["gap"] = round(figures["loss"] - reference, 5)
    facts = {**task.facts, "steps": trial.steps, "reference": HF.name}
    title = "Held-out loss after the same examples in the same order, Pythia-70M"
    return {"title": title, "facts": facts, "contenders": taken}


def _loss_after(contender: Contender, task: Task, trial: Trial, session: Session) -> float:
    trained = train_once(contender, task, trial, save=True)
    scratch = session.scratch / "held-out"
    script = str(PEERS_FOLDER / "held_out_loss.py")
    python = str(session.environment("trl").python)
    ended = run_child(
        [*session.under, python, script, trained["model"], str(task.held_out)], scratch=scratch
    )
    return float(json.loads(ended.output.strip().splitlines()[-1])["loss"])
