"""A session -> the tables of training speed: each a task, who trains it, figures and ratios."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from measuring.child import ChildError
from measuring.contenders import (
    AS_SHIPPED,
    AXOLOTL,
    BEST,
    HF,
    LITGPT_PURE,
    OURS,
    TEXTBOOK,
    TRL_FREE,
    TRL_PACKING,
    Contender,
)
from measuring.efficiency import matrix_operations
from measuring.interleaved import ratio, take_turns
from measuring.session import Session
from measuring.tasks import Material, Task, make_task
from measuring.training import train_once

Figures = dict[str, Any]
_LOSS_TOLERANCE = 0.02  # bf16 against fp32 at the first step


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTable:
    """What is trained by whom.

    Attributes:
        title: As the page shows it.
        material: Model, data and what is trained of it.
        peers: Beside Tunesmith, each as shipped.
        quick: Those of a quick session.
        steps: Updates of one run.
        remark: What a reader must know to compare.
    """

    title: str
    material: Material
    peers: tuple[Contender, ...] = BEST
    quick: tuple[Contender, ...] = (TRL_FREE, TRL_PACKING, LITGPT_PURE)
    steps: int = 12
    remark: str = ""


TRAINING_TABLES = {
    "pythia-lamini": TrainingTable(
        title="Pythia-70M on lamini's questions",
        material=Material(model="pythia-70m", data="lamini"),
        peers=AS_SHIPPED,
        quick=(TRL_FREE, TRL_PACKING, HF, LITGPT_PURE, AXOLOTL),
    ),
    "smollm2-lamini": TrainingTable(
        title="SmolLM2-135M on lamini's questions",
        material=Material(model="smollm2-135m", data="lamini"),
        peers=AS_SHIPPED,
        quick=(TRL_FREE, LITGPT_PURE),
        steps=8,
        remark="LitGPT trains the head apart from the embedding, which the model ties.",
    ),
    "pythia-alpaca": TrainingTable(
        title="Pythia-70M on the book's tasks, Alpaca template",
        material=Material(model="pythia-70m", data="alpaca"),
    ),
    **{
        f"pythia-prefix-{length}": TrainingTable(
            title=f"Pythia-70M on talks of 100 tokens below a system prompt of {length}",
            material=Material(model="pythia-70m", data=f"prefix-{length}"),
            quick=(TRL_FREE,) if length == 300 else (),
            steps=8,
        )
        for length in (30, 300, 1000)
    },
    "gpt2-textbook": TrainingTable(
        title="GPT-2 124M on the book's tasks, loss over every token",
        material=Material(model="gpt2", data="alpaca", train_on="all", max_grad_norm=None),
        peers=(TEXTBOOK,),
        quick=(TEXTBOOK,),
        steps=8,
    ),
}


def training_measurements(session: Session) -> Mapping[str, Callable[[], Figures]]:
    """The tables by name, each ready to be measured."""
    return {
        name: partial(measure_training, table, session) for name, table in TRAINING_TABLES.items()
    }


def measure_training(table: TrainingTable, session: Session) -> Figures:
    """Everyone in turns; then ratios, efficiency, and whether all did the same work."""
    task = make_task(table.material, session.places)
    is_short = session.is_quick and not session.wanted
    peers = session.chosen(table.quick if is_short else table.peers)
    everyone = [OURS, *peers, *(peer.under_tcmalloc() for peer in peers if _could_be_best(peer))]
    steps = min(table.steps, 6) if session.is_quick else table.steps
    trial = session.trial(everyone, steps=steps)
    taken = take_turns(
        {who.name: partial(train_once, who, task, trial) for who in everyone},
        repeats=session.repeats,
    )
    return {
        "title": table.title,
        "facts": {**task.facts, "steps": steps},
        "remark": table.remark,
        "contenders": taken,
        "ratios": _ratios(taken, everyone),
        "work": _work(taken),
        **_efficiency(taken, task, session),
    }


def _could_be_best(peer: Contender) -> bool:
    """Under tcmalloc too, unless the peer is only shown for what it does without its flags."""
    return peer in BEST or peer == TEXTBOOK


def _ratios(taken: Mapping[str, Figures], everyone: list[Contender]) -> Figures:
    """Tunesmith against the fastest peer as shipped, and against the fastest under tcmalloc."""
    ours = taken[OURS.name]
    ratios = {}
    for label, has_tcmalloc in (("as shipped", False), ("under tcmalloc", True)):
        speeds = {
            who.name: taken[who.name]["examples_per_second"]
            for who in everyone
            if who.peer and who.has_tcmalloc == has_tcmalloc and "failed" not in taken[who.name]
        }
        if "failed" in ours or not speeds:
            continue
        fastest = max(speeds, key=lambda name: speeds[name]["median"])
        found = ratio(ours["examples_per_second"], speeds[fastest])
        ratios[label] = {"against": fastest, **found}
    return ratios


def _work(taken: Mapping[str, Figures]) -> Figures:
    """Whether everyone trained the same tokens from the same loss, at the first step.

    A packing peer puts other examples into its first step, so that only the loss's level can
    be compared.
    """
    ours = taken[OURS.name]
    if "failed" in ours:
        return {}
    differing = {}
    for name, figures in taken.items():
        if "failed" in figures:
            continue
        is_equal = figures["trained_tokens"] == ours["trained_tokens"]
        gap = abs(figures["first_loss"]["median"] - ours["first_loss"]["median"])
        if not is_equal or gap > _LOSS_TOLERANCE:
            differing[name] = {"trained_tokens": figures["trained_tokens"], "loss_gap": gap}
    return {"trained_tokens_of_first_step": ours["trained_tokens"], "differing": differing}


def _efficiency(taken: Mapping[str, Figures], task: Task, session: Session) -> Figures:
    """Useful matrix operations a second, as a share of what plain products reach here."""
    ours = taken[OURS.name]
    if "failed" in ours:
        return {}
    try:
        peak = session.peak
    except ChildError as error:
        return {"efficiency": {"failed": str(error)}}
    operations = matrix_operations(task) * ours["examples_per_second"]["median"] / 1e9
    reached = {name: round(operations / value, 3) for name, value in peak.items()}
    return {"efficiency": {"gflops": round(operations, 1), "peak": peak, "share": reached}}
