"""A session -> the table of answering: 110 prompts, 64 new tokens each, Pythia-70M, greedy."""

import json
import shutil
import sys
from functools import partial
from typing import Any

from tokenizers import Tokenizer

from measuring.child import run_child
from measuring.environments import PEERS_FOLDER
from measuring.interleaved import ratio, take_turns
from measuring.session import Session
from measuring.tasks import Material, Task, make_task

Figures = dict[str, Any]
_PROMPTS, _NEW_TOKENS = 110, 64
_OURS, _ONE_BY_ONE = "Tunesmith", "generate, one by one"
_BATCHED = {
    "generate, batches of 16": "batch-16",
    "generate, batches of 32": "batch-32",
    "generate, all at once": "batch-all",
    "generate, batches of 16, sorted by length": "sorted-16",
    "generate, batches of 32, sorted by length": "sorted-32",
    "generate, all at once, bf16": "batch-all-bf16",
    "generate, batches of 32, sorted by length, bf16": "sorted-32-bf16",
}
_QUICK = ("generate, batches of 32, sorted by length", "generate, all at once")


def measure_answering(session: Session) -> Figures:
    """Everyone in turns; the ratio against one by one, and against the best batch."""
    task = make_task(Material(model="pythia-70m", data="lamini"), session.places)
    variants = {_ONE_BY_ONE: "one-by-one", **_BATCHED}
    if session.is_quick:
        variants = {name: _BATCHED[name] for name in _QUICK}
    taken = take_turns(
        {
            _OURS: partial(_answer_once, task, session, None),
            **{
                name: partial(_answer_once, task, session, variant)
                for name, variant in variants.items()
            },
        },
        repeats=session.repeats,
    )
    same = _same_texts(taken)
    return {
        "title": f"Pythia-70M answering {_PROMPTS} prompts, {_NEW_TOKENS} new tokens each",
        "facts": {**task.facts, "prompts": _PROMPTS, "new_tokens": _NEW_TOKENS},
        "contenders": taken,
        "ratios": _ratios(taken),
        "answers_equal_to_ours": same,
    }


def _answer_once(task: Task, session: Session, variant: str | None) -> Figures:
    scratch = session.scratch / f"answering-{variant or 'ours'}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    job = {
        "model": str(task.model),
        "template": "question-answer",
        "variant": variant,
        "new_tokens": _NEW_TOKENS,
        **_prompts(task),
    }
    (scratch / "job").write_text(json.dumps(job), encoding="utf-8")
    if variant is None:
        program = [sys.executable, "-m", "measuring.our_answers"]
        environment = session.our_environment()
    else:
        python = session.environment("trl").python
        program = [str(python), str(PEERS_FOLDER / "hf_generate.py")]
        environment = {"HF_HUB_OFFLINE": "1"}
    command = [*session.under, *program, "--job", str(scratch / "job")]
    ended = run_child(command, scratch=scratch, environment=environment)
    figures: Figures = json.loads(ended.output.strip().splitlines()[-1])
    rate = figures["tokens"] / figures["answer_seconds"]
    return {**figures, "tokens_per_second": rate, "peak_mb": ended.peak_mb}


def _prompts(task: Task) -> Figures:
    """The first rows' questions, as texts and as the ids that an answer starts from."""
    lines = (task.recipe.parent / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["instruction"] for line in lines[:_PROMPTS]]
    return {"questions": questions, "prompts": _encoded(task, questions)}


def _encoded(task: Task, questions: list[str]) -> list[list[int]]:

    tokenizer = Tokenizer.from_file(str(task.model / "tokenizer.json"))
    texts = [f"### Question:\n{question}\n\n### Answer:" for question in questions]
    return [tokenizer.encode(text).ids for text in texts]


def _ratios(taken: dict[str, Figures]) -> Figures:
    """By tokens a second, for an answer may end early."""
    speeds = {
        name: figures["tokens_per_second"]
        for name, figures in taken.items()
        if "failed" not in figures
    }
    ours = speeds.pop(_OURS, None)
    if ours is None or not speeds:
        return {}
    alone = speeds.pop(_ONE_BY_ONE, None)
    ratios = {}
    if alone is not None:
        ratios["one by one"] = {"against": _ONE_BY_ONE, **ratio(ours, alone)}
    if speeds:
        best = max(speeds, key=lambda name: speeds[name]["median"])
        ratios["best batch"] = {"against": best, **ratio(ours, speeds[best])}
    return ratios


def _same_texts(taken: dict[str, Figures]) -> dict[str, int]:
    """Of each peer, how many answers are ours; the texts themselves are not kept."""
    texts = {name: figures.pop("texts", None) for name, figures in taken.items()}
    ours = texts.pop(_OURS, None)
    if ours is None:
        return {}
    return {
        name: sum(a.strip() == b.strip() for a, b in zip(ours, theirs, strict=True))
        for name, theirs in texts.items()
        if theirs is not None
    }
