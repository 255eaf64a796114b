"""A run's model -> a folder of its own with whole weights, read back and compared, or none."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from tunesmith.errors import RecipeError
from tunesmith.files import read_json
from tunesmith.generation.responder import Completion, OpenQuestion, Responder, answer_all
from tunesmith.models.load import CONTRACT_FILE, find_model, load_network
from tunesmith.models.save import RenderingContract, save_model
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.exporting.exported_rows import ExportedRow, MeasuredModel, looked_at
from tunesmith.stages.exporting.runtime_comparison import (
    RuntimeFindings,
    equal_answers,
    export_refusal,
    last_logits,
)
from tunesmith.stages.responders.load_responder import load_responder
from tunesmith.stages.responders.renderer import model_renderer

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
_FURTHEST = {"f32": 1e-5, "f16": 0.1, "bf16": 0.5}  # of a logit, as a share of the largest


def write_checked_folder(path: Path, measured: MeasuredModel, *, kind: str) -> RuntimeFindings:
    """Write a folder that transformers, vLLM and Tunesmith read, and try it.

    Args:
        path: Where it goes.
        measured: The tuned model; its weights are of that kind afterwards.
        kind: f32, bf16 or f16.

    Raises:
        RefusedError: It is not the model that was measured.
        RecipeError: There is no such kind.
    """
    if kind not in DTYPES:
        raise RecipeError(f"no type {kind!r}", where="--type", cure="f32, bf16 or f16.")
    run, responder, rows = measured.run, measured.responder, measured.rows
    progress, seen = run.progress, looked_at(rows)
    before = [last_logits(responder, row.ids) for row in seen]
    wanted = {
        name: tensor.to(DTYPES[kind]).clone()
        for name, tensor in responder.model.inner.state_dict().items()
    }
    progress.start(f"writing {path.name}", None)
    responder.model.network.to(DTYPES[kind])
    contract = RenderingContract(
        tokenizer=responder.tokenizer.hf,
        chat_template=measured.chat_template,
        stop_ids=responder.stop_ids,
        contract=read_json(run.folder.model / CONTRACT_FILE),
    )
    save_model(responder.model, path, contract=contract)
    progress.start("reading it back", None)
    problems = list(_weight_problems(path, wanted))
    again = load_responder(
        model_renderer(find_model(str(path))), name=kind, recipe=responder.recipe
    )
    problems += _rendering_problems(responder, again)
    furthest = max(
        (
            _difference(one, last_logits(again, row.ids))
            for one, row in zip(before, seen, strict=True)
        ),
        default=0.0,
    )
    if furthest > _FURTHEST[kind]:
        problems.append(f"logits differ by {furthest:.2g} of the largest")
    if problems:
        raise export_refusal(problems, path)
    completions = _answered(again, rows, run, progress)
    equal = equal_answers(rows, completions)
    if kind == "f32" and equal["differ_without_tie"]:
        told = f"only {equal['equal_answers']} of {len(rows)} answers are the same"
        raise export_refusal([told], path)
    figures = {**equal, "furthest_logit": furthest}
    return RuntimeFindings(problems=(), figures=dict(figures), completions=tuple(completions))


def _weight_problems(path: Path, wanted: dict[str, torch.Tensor]) -> Iterator[str]:
    found = load_network(find_model(str(path))).state_dict()
    for name in sorted({*found, *wanted}):
        if name not in found or name not in wanted:
            yield f"the tensor {name} is {'missing' if name in wanted else 'not the model`s'}"
        elif not torch.equal(found[name].float(), wanted[name].float()):
            yield f"the tensor {name} holds other numbers than the model's"


def _rendering_problems(responder: Responder, again: Responder) -> Iterator[str]:
    if again.tokenizer.fingerprint != responder.tokenizer.fingerprint:
        yield "its tokenizer gives other ids"
    if again.template.contract != responder.template.contract:
        yield "it is asked in another way"
    if again.stop_ids != responder.stop_ids:
        yield "its answers end at other tokens"


def _difference(one: torch.Tensor, two: torch.Tensor) -> float:
    return float((one - two).abs().max() / one.abs().max().clamp_min(1e-6))


def _answered(
    responder: Responder, rows: Sequence[ExportedRow], run: Run, progress: Progress
) -> list[Completion]:
    asked = {row.example_id for row in rows}
    questions = [
        OpenQuestion(example_id=example.id, messages=example.prompt)
        for example in run.rows("test")
        if example.id in asked
    ]
    progress.start(f"answering ({responder.name})", len(rows))
    done = {
        one.example_id: one for one in answer_all(responder, questions, on_answer=progress.advance)
    }
    return [done[row.example_id] for row in rows]
