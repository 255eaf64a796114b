"""A session -> the tables of preparation: a million rows against `datasets.map`, and growth."""

import json
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

from measuring.child import run_child
from measuring.contenders import OURS
from measuring.environments import PEERS_FOLDER
from measuring.interleaved import ratio, spread, take_turns
from measuring.session import Session
from measuring.tasks import Material, make_task, write_recipe
from measuring.training import train_once

Figures = dict[str, Any]
_OURS, _MAP = "Tunesmith", "datasets.map, 2 processes"


def measure_preparing(session: Session) -> Figures:
    """A million rows, tokenised and masked (quick: 20,000); encoding alone is compared.

    The other parts of Tunesmith's preparation (cleaning, exact duplicates, the split) have no
    counterpart there; the whole is told beside.
    """
    count = 20_000 if session.is_quick else 1_000_000
    recipe, model = write_recipe(_material(count), session.places)
    taken = take_turns(
        {
            _OURS: partial(_prepare_once, session, recipe, None),
            _MAP: partial(_prepare_once, session, recipe, model),
        },
        repeats=session.repeats,
    )
    ratios = {}
    if not any("failed" in figures for figures in taken.values()):
        theirs, ours = (taken[name]["encode_seconds"] for name in (_MAP, _OURS))
        ratios["encoding"] = {"against": _MAP, **ratio(theirs, ours)}
    return {
        "title": f"{count:,} rows tokenised and masked into the store",
        "facts": {"rows": count},
        "contenders": taken,
        "ratios": ratios,
    }


def measure_growth(session: Session) -> Figures:
    """Preparing and training with ten times the rows, twice over: what a step and a row cost."""
    sizes = (1_000, 10_000) if session.is_quick else (1_000, 10_000, 100_000)
    trial = session.trial([OURS], steps=8)
    rows = {}
    for size in sizes:
        recipe, _ = write_recipe(_material(size), session.places)
        prepared = _prepare_once(session, recipe, None)
        task = make_task(_material(size), session.places)
        trained = [train_once(OURS, task, trial) for _ in range(session.repeats)]
        rows[f"{size:,}"] = {
            **prepared,
            "step_seconds": spread([8 / one["examples_per_second"] for one in trained]),
            "peak_mb": spread([one["peak_mb"] for one in trained]),
        }
    return {"title": "Growth with the data set, Pythia-70M", "sizes": rows}


def _material(num_rows: int) -> Material:
    return Material(model="pythia-70m", data="lamini", num_rows=num_rows)


def _prepare_once(session: Session, recipe: Path, model: Path | None) -> Figures:
    """Ours, or with a model's tokenizer the peer's."""
    scratch = session.scratch / f"preparing-{'map' if model else 'ours'}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    job = {
        "recipe": str(recipe),
        "rows": str(recipe.parent / "rows.jsonl"),
        "model": str(model),
        "scratch": str(scratch / "work"),
    }
    (scratch / "job").write_text(json.dumps(job), encoding="utf-8")
    if model is None:
        program = [sys.executable, "-m", "measuring.our_preparation"]
        environment = session.our_environment()
    else:
        python = session.environment("trl").python
        program = [str(python), str(PEERS_FOLDER / "datasets_map.py")]
        environment = {"HF_HUB_OFFLINE": "1"}
    command = [*session.under, *program, "--job", str(scratch / "job")]
    ended = run_child(command, scratch=scratch, environment=environment)
    figures: Figures = json.loads(ended.output.strip().splitlines()[-1])
    shutil.rmtree(scratch)
    return figures
