"""Raw material of any kind, without a recipe -> a file of clean examples, and what was left out."""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.collect import Drop, collect, write_rows
from tunesmith.examples.conversion.prompt_headers import shared_template
from tunesmith.examples.read_chunks import read_chunks
from tunesmith.examples.read_count import ReadCount, check_read
from tunesmith.examples.splitting.assign import find_repeated
from tunesmith.examples.splitting.collection import Collection
from tunesmith.files import atomic_file, given_path, json_line
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import Recipe
from tunesmith.sources.read_source import explain_source
from tunesmith.sources.row import Dropped
from tunesmith.stages.execution.output_file import (
    are_dropped,
    are_examples,
    check_outputs,
    is_same_file,
    require_name,
)
from tunesmith.stages.execution.progress import Progress, SilentProgress
from tunesmith.stages.results.prepared import Imported

NUM_FINDINGS = 100


def import_sources(
    sources: Sequence[str | Path | Mapping[str, object]],
    out: str | Path | None,
    *,
    examples: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Read sources as `prepare` does, clean them, and write one example a line.

    What repeats another example, exactly or nearly, is left out by the same rule; with
    `examples={"drop_near_duplicates": None}` near-duplicates stay.

    Args:
        sources: Files and folders; or mappings with the keys of a recipe's source.
        out: The file to write; None: nothing is written, what is wrong is listed.
        examples: Keys of a recipe's `examples`, such as redact and language.
        progress: Told of rows as they pass.

    Raises:
        RecipeError: A setting is wrong, or `out` is one of the sources or somebody's file.
        MissingError: A source does not exist.
        DataError: A source cannot be read, or no example is left.
    """
    target = None if out is None else given_path(out, where="out")
    recipe = _recipe(sources, examples or {}, target)
    work = _Import(recipe, progress or SilentProgress())
    return work.check() if target is None else work.write(target)


def dropped_path(out: Path) -> Path:
    """Where what was left out is listed: `faq.dropped.jsonl` beside `faq.jsonl`."""
    return out.with_name(f"{out.name.removesuffix('.jsonl')}.dropped.jsonl")


class _Import:
    """One import; the counts grow while it runs."""

    def __init__(self, recipe: Recipe, progress: Progress) -> None:
        self._recipe = recipe
        self._progress = progress
        self._count = ReadCount()
        self._read_as = [explain_source(source, folder=Path()) for source in recipe.sources]
        for found in self._read_as:
            progress.note(found.sentence)

    def write(self, out: Path) -> Imported:
        """Write both files; neither changes where the examples cannot be written."""
        with atomic_file(dropped_path(out)) as dropped:
            error = self._write(out, dropped)
        if error is not None:
            raise error
        return replace(self._result(), file=str(out), dropped_file=str(dropped_path(out)))

    def check(self) -> Imported:
        """Read everything and write nothing."""
        findings: list[Dropped] = []

        def drop(item: Dropped) -> None:
            if len(findings) < NUM_FINDINGS:
                findings.append(item)

        self._read(Path(tempfile.gettempdir()), lambda _, line: None, drop)
        return replace(self._result(), findings=tuple(findings))

    def _write(self, out: Path, dropped: IO[bytes]) -> DataError | None:
        """Write the examples; an error that lists what was dropped comes after that list."""
        try:
            with atomic_file(out) as kept:
                self._read(
                    out.parent,
                    lambda _, line: kept.write(line),
                    lambda item: dropped.write(json_line(asdict(item))),
                )
                check_read(self._count, max_bad=1.0, dropped_path=dropped_path(out))
        except DataError as error:
            return error
        return None

    def _read(self, folder: Path, write: Callable[[int, bytes], object], drop: Drop) -> None:
        recipe = self._recipe
        with Collection(folder) as collection:
            self._progress.start("reading", None)
            sources = shared_template(recipe.sources, is_wrapping=True)
            chunks = read_chunks(sources, recipe.examples, folder=Path(), has_groups=True)
            for number in collect(collection, chunks, count=self._count, drop=drop):
                self._progress.advance(number)
            self._progress.close()
            self._progress.start("comparing", None)
            repeated = find_repeated(collection, recipe.examples)
            write_rows(collection, repeated, write, count=self._count, drop=drop)
            self._progress.close()

    def _result(self) -> Imported:
        for warning in [*self._count.removed_sentences(), *self._count.open_sums()]:
            self._progress.note(warning)
        counts = {
            **self._count.to_json(),
            "redacted": dict(self._count.redacted.most_common()),
            "read_as": self._read_as,
        }
        return Imported.from_dict(counts)


def _recipe(
    sources: Sequence[str | Path | Mapping[str, object]],
    examples: Mapping[str, object],
    out: Path | None,
) -> Recipe:
    if isinstance(sources, str | bytes | Path | Mapping) or not isinstance(sources, Iterable):
        cure = "For example: import_sources(['faq.md'], 'faq.jsonl')."
        raise RecipeError("takes a list of sources", where="sources", cure=cure)
    written = [
        dict(one) if isinstance(one, Mapping) else {"path": str(given_path(one, where="sources"))}
        for one in sources
    ]
    recipe = recipe_from_mapping({"sources": written, "examples": dict(examples)}, name="import")
    if out is not None:
        _check(out, recipe)
    return recipe


def _check(out: Path, recipe: Recipe) -> None:
    """Find out before anything is read whether both files may be written."""
    require_name("--out", out)
    files = {out: are_examples, dropped_path(out): are_dropped}
    sources = [Path(one.path).expanduser() for one in recipe.sources if one.path]
    for file in files:
        if any(is_same_file(file, source) for source in sources):
            cure = "Name another file with -o."
            raise RecipeError("is one of the sources", where=str(file), cure=cure)
    check_outputs("--out", files)
