"""A recipe, or a data file with a template and a tokenizer -> what the model will read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.examples.clean import CleanedExample
from tunesmith.examples.conversion.prompt_headers import HEADER_NAMES, shared_template
from tunesmith.examples.example import Example, drop_example
from tunesmith.examples.read_count import ReadCount, check_read, removed_markers
from tunesmith.examples.read_examples import read_examples
from tunesmith.models.load import ModelPlace, is_model_folder
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import Recipe
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.read_source import explain_source
from tunesmith.sources.row import Dropped, source_name
from tunesmith.stages.execution.claim import right_now
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.progress import Progress, SilentProgress
from tunesmith.stages.preparing.misfits import Misfits, misfit
from tunesmith.stages.preparing.settled_template import (
    choose_for,
    date_notices,
    other_templates,
    with_choice,
)
from tunesmith.stages.responders.renderer import Renderer, recipe_renderer
from tunesmith.stages.results.prepared import PreviewPiece, PreviewRow
from tunesmith.templates.choice import RowShapes
from tunesmith.templates.names import find_template
from tunesmith.templates.wrapped import wrapped_marker, wrapping_notice
from tunesmith.tokens.encode import encode_prompt, encode_segments
from tunesmith.tokens.tokenizer import load_tokenizer

_LOOKED_AT = 1000  # rows, before the first is shown; they may choose the template


def preview_rows(
    target: Run | str | Path,
    *,
    template: str = "auto",
    tokenizer: str = "starter",
    limit: int | None = None,
) -> Iterator[PreviewRow]:
    """Render and encode rows as training would; nothing is written.

    Args:
        target: A run; or a file or folder of rows or other raw material.
        template: For material: its template.
        tokenizer: For material: whose tokenizer.
        limit: Rows at most; None is all.

    Raises:
        DataError: No row can be read or fits the template; the first is named.
    """
    if isinstance(target, Run):
        recipe, folder = target.recipe, target.recipe_folder
    else:
        written = {
            "sources": [{"path": str(target)}],
            "template": {"name": template},
            "model": {"name": tokenizer},
        }
        recipe, folder = recipe_from_mapping(written, name=str(target)), Path()
    pieces = preview_pieces(recipe, folder)
    yield from islice((one for one in pieces if not isinstance(one, Dropped)), limit)


def preview_pieces(
    recipe: Recipe, recipe_folder: Path, *, progress: Progress | None = None
) -> Iterator[PreviewRow | Dropped]:
    """Rows as `preview_rows` yields them, and between them what is left out, with the reason.

    Args:
        recipe: Its model may be a folder that holds a tokenizer alone.
        recipe_folder: What relative paths are relative to.
        progress: Told what each source is read as, and why; in the end, what was not read.

    Raises:
        DataError: Nothing is left.
    """
    told = progress or SilentProgress()
    for source in recipe.sources:
        found = explain_source(source, folder=recipe_folder)
        told.note(found.sentence)
    asked, not_read = _renderer(recipe, recipe_folder), NotReadCount()
    sources = shared_template(recipe.sources, is_wrapping=asked.is_wrapping)
    reads = read_examples(sources, recipe.examples, folder=recipe_folder, not_read=not_read)
    how, reads = _settled(asked, reads, recipe, told)
    count = ReadCount()
    for read in reads:
        count.add(read.item)
        for piece in _pieces(how, read):
            if isinstance(piece, Dropped) and not isinstance(read.item, Dropped):
                count.lose(piece)
            yield piece
    for sentence in [*count.removed_sentences(), *not_read.account(count.num_read)]:
        told.note(sentence)
    if count.num_read:
        check_read(count, max_bad=1.0)


def _renderer(recipe: Recipe, recipe_folder: Path) -> Renderer:
    """The recipe's; a tokenizer's folder needs no model in it."""
    folder = recipe_folder / Path(recipe.model.name).expanduser()
    if not folder.is_dir() or is_model_folder(folder):
        return recipe_renderer(recipe, recipe_folder, moment=right_now())
    tokenizer = load_tokenizer(folder)
    template = find_template(recipe.template, tokenizer.texts, moment=right_now())
    place = ModelPlace(name=recipe.model.name, path=str(folder))
    is_open = recipe.template.name == "auto"
    return Renderer(place=place, tokenizer=tokenizer, template=template, is_open=is_open)


def _settled(
    asked: Renderer, reads: Iterator[CleanedExample], given: Recipe, told: Progress
) -> tuple[Renderer, Iterator[CleanedExample]]:
    """The template that the first examples settle on, and everything that is read.

    What preparing would say of these examples is said.
    """
    how, shapes, recipe = asked, RowShapes(), given.template
    ahead = list(islice(reads, _LOOKED_AT))
    examples = [read.item for read in ahead if isinstance(read.item, Example)]
    for example in examples:
        shapes.take(example.messages)
    if any(not HEADER_NAMES.isdisjoint(removed_markers(example)) for example in examples):
        shapes.leads.clear()
    if asked.is_open:
        choice = choose_for(shapes, asked, recipe)
        how = with_choice(asked, recipe, choice.name, moment=right_now())
        part = f" (judged by the first {_LOOKED_AT:,})" if len(ahead) == _LOOKED_AT else ""
        told.note(f"template {choice.name}: {choice.reason}{part}")
    for notice in [*date_notices(how.template), *_trouble(how, given, examples)]:
        told.note(notice)
    return how, chain(ahead, reads)


def _trouble(how: Renderer, given: Recipe, examples: Sequence[Example]) -> Iterator[str]:
    """What is wrong between a template and the examples that were looked at."""
    recipe, is_mixture = given.template, len(given.sources) > 1
    wrapped, takers, misfits = Counter[str](), Counter[str](), Misfits()
    others = dict(other_templates(how, recipe))
    for example in examples:
        if marker := wrapped_marker(how.template, example.messages):
            wrapped[marker] += 1
        if fault := misfit(how.template, example):
            misfits.take(drop_example(example, fault))
            takers.update(name for name, other in others.items() if not misfit(other, example))
    if wrapped:
        yield wrapping_notice(how.template, wrapped, is_mixture=is_mixture)
    rows = Counter(source_name(example.source) for example in examples)
    try:
        misfits.check(rows, recipe=recipe, template=how.template.name, takers=takers)
    except DataError as error:
        yield f"tunesmith prepare would stop: {error}"


def _pieces(how: Renderer, read: CleanedExample) -> Iterator[PreviewRow | Dropped]:
    item = read.item
    if isinstance(item, Dropped):
        yield item
    elif fault := misfit(how.template, item):
        yield drop_example(item, fault)
    else:
        yield from _example_rows(how, item, dict(read.redacted.most_common()))


def _example_rows(
    how: Renderer, example: Example, redacted: Mapping[str, int]
) -> Iterator[PreviewRow]:
    prompt_ids = [] if example.is_text else _prompt_ids(how, example)
    for segments in how.template.render(example.messages):
        encoded = encode_segments(segments, how.tokenizer)
        yield PreviewRow(
            id=example.id,
            source=example.source,
            text="".join(segment.text for segment in segments),
            ids=tuple(encoded.ids.tolist()),
            is_trained=tuple(encoded.is_trained.tolist()),
            prompt_ids=tuple(prompt_ids),
            pieces=tuple(
                PreviewPiece(text=s.text, is_trained=s.is_trained, is_content=s.is_content)
                for s in segments
            ),
            redacted=redacted,
        )


def _prompt_ids(how: Renderer, example: Example) -> list[int]:
    prompt = how.template.render_prompt(example.prompt)
    ids: list[int] = encode_prompt(prompt, how.tokenizer).tolist()
    return ids
