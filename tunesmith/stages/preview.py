"""A recipe, or a data file with a template and a tokenizer -> what the model will read."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.examples.clean import clean_example
from tunesmith.examples.example import Example
from tunesmith.examples.read import read_examples
from tunesmith.models.load import ModelPlace, find_model, is_model_folder
from tunesmith.recipe.recipe import ExamplesRecipe, Recipe, SourceRecipe, TemplateRecipe
from tunesmith.sources.row import Dropped
from tunesmith.stages.rendering import Rendering, model_rendering, recipe_rendering
from tunesmith.stages.stage import Result
from tunesmith.templates.names import find_template
from tunesmith.tokens.encode import encode_prompt, encode_segments
from tunesmith.tokens.tokenizer import load_tokenizer


def preview_rows(
    *,
    recipe: Recipe | None,
    recipe_folder: Path,
    data: Path | None,
    template: str | None,
    tokenizer: str | None,
    limit: int | None,
) -> Iterator[Result]:
    """Render and encode rows as training would; nothing is written.

    Args:
        recipe: What to preview; or None, with `data`.
        recipe_folder: What relative paths are relative to.
        data: A file of rows or other raw material.
        template: With a file: its template; None is `auto`.
        tokenizer: With a file: whose tokenizer; None is the starter's.
        limit: Rows at most; None is all.

    Yields:
        `id`, `source`, `text`, `ids`, `is_trained`, `prompt_ids` (what generation would
        start from for the last answer), and `pieces`: text, is_trained, is_content.

    Raises:
        DataError: A row cannot be read or rendered exactly; the first is named.
    """
    if recipe is not None:
        rendering = recipe_rendering(recipe, recipe_folder)
        sources, folder, examples = recipe.sources, recipe_folder, recipe.examples
    else:
        rendering = _named(template, tokenizer)
        sources, folder = [SourceRecipe(path=str(Path(str(data)).resolve()))], Path.cwd()
        examples = ExamplesRecipe()
    read = read_examples(sources, folder=folder)
    rows = _rows(rendering, (clean_example(item, examples).item for item in read))
    yield from islice(rows, limit)


def _named(template: str | None, tokenizer: str | None) -> Rendering:
    """A tokenizer's folder needs no model in it."""
    folder = Path(tokenizer).expanduser() if tokenizer else None
    if folder is not None and folder.is_dir() and not is_model_folder(folder):
        loaded = load_tokenizer(folder)
        found = find_template(TemplateRecipe(name=template or "auto"), loaded.texts)
        place = ModelPlace(name=str(tokenizer), path=str(folder))
        return Rendering(place=place, tokenizer=loaded, template=found)
    rendering = model_rendering(find_model(tokenizer or "starter"))
    if template is None:
        return rendering
    found = find_template(TemplateRecipe(name=template), rendering.tokenizer.texts)
    return Rendering(place=rendering.place, tokenizer=rendering.tokenizer, template=found)


def _rows(how: Rendering, items: Iterator[Example | Dropped]) -> Iterator[Result]:
    num_dropped, first = 0, None
    is_any = False
    for item in items:
        if isinstance(item, Dropped):
            num_dropped += 1
            first = first or item
            continue
        is_any = True
        yield from _example_rows(how, item)
    if not is_any and first is not None:
        raise DataError(
            f"no row could be read; {num_dropped:,} were dropped, the first since {first.detail}",
            where=first.source,
        )


def _example_rows(how: Rendering, example: Example) -> Iterator[Result]:
    try:
        renderings = how.template.render(example.messages)
    except DataError as error:
        raise DataError(error.message, where=example.source, cure=error.cure) from error
    prompt_ids = [] if example.is_text else _prompt_ids(how, example)
    for segments in renderings:
        encoded = encode_segments(segments, how.tokenizer)
        yield {
            "id": example.id,
            "source": example.source,
            "text": "".join(segment.text for segment in segments),
            "ids": encoded.ids.tolist(),
            "is_trained": encoded.is_trained.tolist(),
            "prompt_ids": prompt_ids,
            "pieces": [(s.text, s.is_trained, s.is_content) for s in segments],
        }


def _prompt_ids(how: Rendering, example: Example) -> list[int]:
    prompt = how.template.render_prompt(example.prompt)
    ids: list[int] = encode_prompt(prompt, how.tokenizer).tolist()
    return ids
