"""Base and tuned of a run -> `probes.jsonl`, and whether general knowledge was kept.

The base model reads first, then the tuned one; only one of them is in memory. With `probes: auto`
they are asked where that takes under a tenth of the run, by its tokens: a trained token is read
and gone through twice more for its gradients, an answered or scored one is read by both models.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tunesmith.evaluation.probes.forgetting import ProbeGrade, TextShift, assess_forgetting
from tunesmith.evaluation.probes.items import PROBES_VERSION
from tunesmith.evaluation.probes.likelihood import chance, grade_probes
from tunesmith.evaluation.probes.selection import ProbeSet, ReadingLimits, choose_probes
from tunesmith.evaluation.probes.text_shift import read_as_base, read_as_tuned
from tunesmith.files import hash_bytes, read_json_lines, write_json_lines
from tunesmith.language.translate import message, translate
from tunesmith.models.load import context_tokens, find_model, num_known_tokens, weights_fingerprint
from tunesmith.stages.answer import BASE, TUNED
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.stage import Stage, StageResult, code_of, forget, run_stage
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.responders.load_responder import base_responder, tuned_responder
from tunesmith.stages.responders.renderer import Renderer
from tunesmith.stages.train import base_record, identity_of_base

STAGE = "probes"
SHARE = 0.1  # of the run's tokens, that `auto` may take
_PASSES_OF_TRAINING = 3
_MODELS = 2
_PARTS = {
    2: message(
        "half of the probes, to take under a tenth of the run; for all: evaluation.probes: general"
    ),
    4: message(
        "a quarter of the probes, to take under a tenth of the run; for all: evaluation.probes: "
        "general"
    ),
    None: message(
        "texts without probes, to take under a tenth of the run; for all: evaluation.probes: "
        "general"
    ),
}
_NAMES = {"en": message("English"), "zh": message("Chinese")}


def probe_run(run: Run, renderer: Renderer) -> StageResult:
    """Ask base and tuned what they know beside the run's task, where something changed.

    Returns:
        What `scores.json` says of it: `word`, `figures` and `notices`, or `left_out` with the
        reason why nothing was asked; empty where the recipe wants none.
    """
    wanted = run.recipe.evaluation.probes
    left_out, found = None, None
    if wanted != "none":
        left_out, found = _choose(run, renderer, is_asked=wanted == "general")
    if found is None:
        forget(run.folder, STAGE)
        run.folder.probes.unlink(missing_ok=True)
        return {"left_out": left_out} if left_out else {}
    chosen = found
    stage = Stage(
        name=STAGE,
        inputs={
            "probes": [PROBES_VERSION, chosen.every, list(chosen.languages), chosen.num_unread],
            "rows": hash_bytes(b"".join(row.ids.tobytes() for row in chosen.rows)),
            "texts": hash_bytes(b"".join(row.ids.tobytes() for row in chosen.text_rows)),
            "models": [
                identity_of_base(base_record(renderer.place, run)),
                weights_fingerprint(run.folder.model),
            ],
            "code": code_of("tokens", "models", "training/validate.py", "evaluation"),
        },
        outputs=[run.folder.probes],
    )
    return run_stage(run.folder, stage, lambda: _probe(run, renderer, chosen))


def _choose(run: Run, renderer: Renderer, *, is_asked: bool) -> tuple[str | None, ProbeSet | None]:
    """Why there are no probes, or those to ask."""
    if run.recipe.model.weights == "random":
        return translate("the base model has random weights and knows nothing"), None
    limits = ReadingLimits(
        context=context_tokens(renderer.place), num_known=num_known_tokens(renderer.place)
    )
    budget = None if is_asked else SHARE * num_run_tokens(run) / _MODELS
    found = choose_probes(renderer.tokenizer, limits, budget=budget)
    if not found.texts:
        return translate("the base model's context or vocabulary holds none of them"), None
    if budget is not None and found.num_tokens > budget:
        told = translate(
            "texts alone are {count:,} tokens, a tenth of the run {limit:,.0f}",
            count=_MODELS * found.num_tokens,
            limit=_MODELS * budget,
        )
        return told, None
    return None, found


def num_run_tokens(run: Run) -> int:
    """Tokens that a run's models read or go through again, from its log and its answers."""
    folder = run.folder
    seen = max((line.get("tokens_seen") or 0 for line in _lines(folder.log)), default=0)
    test = int(open_store(folder, "test").lengths.sum())
    answers = sum(
        line["num_tokens"] for name in (BASE, TUNED) for line in _lines(folder.completions(name))
    )
    return int(_PASSES_OF_TRAINING * seen + 2 * _MODELS * test + answers)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    return read_json_lines(path) if path.is_file() else iter(())


def _probe(run: Run, renderer: Renderer, chosen: ProbeSet) -> StageResult:
    grades, shifts, num_known = _measure(run, renderer, chosen)
    write_json_lines(run.folder.probes, [*map(asdict, grades), *map(asdict, shifts)])
    told = assess_forgetting(grades, shifts, num_tokens_known=num_known).to_json()
    return {"version": PROBES_VERSION, **told, "notices": list(_notices(chosen))}


def _measure(
    run: Run, renderer: Renderer, chosen: ProbeSet
) -> tuple[list[ProbeGrade], list[TextShift], int]:
    recipe, progress = run.recipe, run.progress
    progress.start("probing general knowledge", _MODELS * len(chosen.rows))
    base = base_responder(recipe, renderer).model
    num_known = base.num_known_tokens
    before = grade_probes(base, chosen.asked, chosen.rows, on_row=progress.advance)
    reading = read_as_base(base, chosen.text_rows)
    del base
    tuned = tuned_responder(recipe, renderer, find_model(str(run.folder.model))).model
    after = grade_probes(tuned, chosen.asked, chosen.rows, on_row=progress.advance)
    shifts = read_as_tuned(tuned, chosen.texts, chosen.text_rows, reading)
    progress.close()
    grades = [
        ProbeGrade(probe_id=one.probe_id, base=first, tuned=second, chance=chance([one]))
        for one, first, second in zip(chosen.asked, before, after, strict=True)
    ]
    return grades, shifts, num_known


def _notices(chosen: ProbeSet) -> Iterator[str]:
    """What was left out, and why."""
    for language, tokens in chosen.spelled.items():
        yield translate(
            "{language} is left out: the tokenizer spells it in {count:.1f} tokens a character",
            language=_NAMES[language],
            count=tokens,
        )
    if chosen.every != 1:
        yield translate(_PARTS[chosen.every])
    if chosen.num_unread:
        yield translate(
            "{count:,} are left out: the model's context or vocabulary is too small",
            count=chosen.num_unread,
        )
