"""A run and its renderer -> the stage `prepare`: what it depends on, and the files it writes."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import tokenizers
import transformers

from tunesmith.examples.splitting.split import SPLITS
from tunesmith.files import hash_file
from tunesmith.language.translate import translate
from tunesmith.models.load import context_tokens, num_known_tokens, root_config
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.pages.page_folder import folder_files
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.plugins_used import source_plugins
from tunesmith.stages.execution.stage import Stage, code_of
from tunesmith.stages.preparing.edits_beside import edits_beside
from tunesmith.stages.preparing.split_files import remembered_before
from tunesmith.stages.preparing.teacher_sources import (
    taught_paths,
    teacher_inputs,
    with_taught_files,
)
from tunesmith.stages.responders.renderer import Renderer
from tunesmith.tokens.store import store_name
from tunesmith.training.engine import choose_engine
from tunesmith.training.resources.longest_row import longest_row

KNOWN = "tokens that the model knows"
_UNSAID = 2048  # tokens that a model reads which does not say
_CODE = (
    "sources",
    "examples",
    "teacher",
    "sandbox",
    "templates",
    "tokens",
    "stages/preparing/answerable.py",
    "stages/preparing/example_encoder.py",
    "stages/preparing/encode_file.py",
    "stages/preparing/line_sieve.py",
    "stages/preparing/misfits.py",
    "stages/preparing/pair_rows.py",
    "stages/preparing/settled_template.py",
    "stages/preparing/split_files.py",
)


def preparation(run: Run, renderer: Renderer) -> Stage:
    """The stage of a run: what it depends on, and the files it writes."""
    recipe, folder, recipe_folder = run.recipe, run.folder, run.recipe_folder
    inputs = {
        "sources": [_source_inputs(source, recipe_folder) for source in recipe.sources],
        "examples": recipe.examples.model_dump(),
        "leave_out": _content(recipe.examples.leave_out, recipe_folder),
        **({"edits": edits} if (edits := edits_beside(run).fingerprint) else {}),
        "remembered": remembered_before(folder, with_taught_files(run)),
        "rendering": renderer.fingerprint,
        "when_misfit": recipe.template.when_misfit,
        "max_tokens": row_limit(recipe, renderer)[0],
        KNOWN: num_known_tokens(renderer.place),
        "when_too_long": recipe.training.when_too_long,
        "objective": recipe.training.objective,
        "plugins": [plugin.fingerprint for plugin in source_plugins(recipe)],
        "code": code_of(*_CODE),
        "libraries": [tokenizers.__version__, transformers.__version__, version("rensa")],
    }
    stage = Stage(name="prepare", inputs=inputs, outputs=())
    outputs = [folder.examples(split) for split in SPLITS]
    outputs += [folder.tokens / store_name(split, stage.key) for split in SPLITS]
    outputs += taught_paths(run)
    outputs += [folder.dropped, folder.contradictions, folder.token_lengths, folder.summary]
    return Stage(name="prepare", inputs=inputs, outputs=outputs)


def _source_inputs(source: SourceRecipe, recipe_folder: Path) -> dict[str, Any]:
    """What a source depends on; a Hub data set is known by its name and revision."""
    inputs = source.model_dump(exclude={"teacher"})
    if source.teacher is not None:
        inputs["teacher"] = teacher_inputs(source.teacher, recipe_folder)
    if source.path is not None:
        path = recipe_folder / Path(source.path).expanduser()
        inputs["content"] = hash_file(path) if path.is_file() else _folder_content(path)
    if source.prompts is not None:
        prompts = recipe_folder / source.prompts
        inputs["prompt_file"] = hash_file(prompts) if prompts.is_file() else None
    if source.hub is not None and (recipe_folder / source.hub).is_dir():
        files = sorted(path for path in (recipe_folder / source.hub).rglob("*") if path.is_file())
        inputs["content"] = [[str(path), hash_file(path)] for path in files]
    return inputs


def _content(path: str | None, recipe_folder: Path) -> str | None:
    """The hash of a file that the recipe names; None where it names none, or there is none."""
    file = None if path is None else recipe_folder / Path(path).expanduser()
    return None if file is None or not file.is_file() else hash_file(file)


def _folder_content(folder: Path) -> list[list[str]] | None:
    """Names and hashes of the files in a folder of pages."""
    if not folder.is_dir():
        return None
    files = folder_files(folder)
    return [[str(path.relative_to(folder)), hash_file(path)] for path in files]


def row_limit(recipe: Recipe, renderer: Renderer) -> tuple[int, list[str]]:
    """Tokens a row may have: what the recipe says, but no more than the model can read.

    Where it leaves that to the model, no more than this machine's memory holds either.
    """
    training, context = recipe.training, context_tokens(renderer.place)
    if training.max_tokens == "auto":
        wanted = context or _UNSAID
        device = choose_engine(training).device
        limit = min(wanted, longest_row(root_config(renderer.place), training, device=device))
        less = translate(
            "training.max_tokens: auto is {limit:,} here, which this machine's memory holds; the "
            "model reads {total:,}",
            limit=limit,
            total=wanted,
        )
        return limit, [] if limit == wanted else [less]
    asked = training.max_tokens
    if context is None or asked <= context:
        return asked, []
    less = translate(
        "training.max_tokens is {limit:,}, but the model reads {total:,} at most",
        limit=asked,
        total=context,
    )
    return context, [less]
