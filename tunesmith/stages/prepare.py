"""Sources -> data/*.jsonl, what was dropped and why, and a token store a split."""

from tunesmith.files import read_json, write_text
from tunesmith.language.translate import translate
from tunesmith.models.load import context_tokens, refuse_without_merge
from tunesmith.recipe.load_recipe import resolved_yaml
from tunesmith.stages.execution.opened_run import Run, checked_run
from tunesmith.stages.execution.plugins_used import check_plugins
from tunesmith.stages.execution.stage import finished_result, run_stage
from tunesmith.stages.preparing.edits_beside import edits_notices
from tunesmith.stages.preparing.preparation import Preparation
from tunesmith.stages.preparing.preparation_stage import KNOWN, preparation
from tunesmith.stages.preparing.settled_template import (
    asked_renderer,
    settled_recipe,
    settled_renderer,
)
from tunesmith.stages.preparing.teacher_sources import with_taught_files
from tunesmith.stages.responders.renderer import Renderer, refuse_unknown_tokens
from tunesmith.stages.results.prepared import Prepared
from tunesmith.stages.settling.settled_training import settled_run


def prepare(run: Run) -> Prepared:
    """Read, clean, split, render and encode everything a recipe names.

    Args:
        run: What to read, where the files go; data/summary.json holds the same figures.

    Raises:
        DataError: Nothing is left, or too much was unreadable.
        MissingError: A source or the model does not exist.
        RefusedError: The model has no row for a token, or its adapter cannot be merged.
    """
    checked_run(run, stage="prepare")
    with run.locked():
        return prepare_stage(run, asked_renderer(run))


def prepare_stage(run: Run, renderer: Renderer) -> Prepared:
    """`prepare` for a caller that holds the lock and the tokenizer already."""
    check_plugins(run.recipe)
    refuse_without_merge(renderer.place)
    stage = preparation(run, renderer)
    refuse_unknown_tokens(renderer, num_known=stage.inputs[KNOWN])
    is_done = finished_result(run.folder, stage) is not None
    if not is_done:
        write_text(run.folder.recipe, resolved_yaml(run.recipe))
    work = Preparation(run, with_taught_files(run), renderer, stage)
    result = run_stage(run.folder, stage, work.work)
    write_recipe(run, renderer)
    notices = [*result["notices"], *room_notices(run, renderer), *edits_notices(run)]
    for notice in () if is_done else notices:
        run.progress.note(notice)
    return Prepared.from_dict({**result, "notices": notices})


def write_recipe(run: Run, asked: Renderer) -> None:
    """Keep the recipe of a prepared run in its folder, with what `auto` came to so far."""
    recipe = settled_recipe(settled_run(run).recipe, asked, settled_renderer(run, asked))
    write_text(run.folder.recipe, resolved_yaml(recipe))


def room_notices(run: Run, renderer: Renderer) -> list[str]:
    """What the longest test prompt leaves of the context, where that is no whole answer."""
    context, wanted = context_tokens(renderer.place), run.recipe.generation.max_new_tokens
    longest = read_json(run.folder.token_lengths).get("longest_prompt", 0)
    if context is None or longest + wanted <= context:
        return []
    return [
        translate(
            "generation.max_new_tokens is {limit:,}, but the longest prompt of the test set has "
            "{high:,} tokens and the model reads {total:,}: its answer may have {count:,}",
            limit=wanted,
            high=longest,
            total=context,
            count=context - longest,
        )
    ]
