"""Sources -> data/*.jsonl, what was dropped and why, and a token store a split."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import tokenizers
import transformers

from tunesmith.errors import DataError
from tunesmith.examples.example import Example
from tunesmith.examples.read_count import ReadCount
from tunesmith.examples.splitting.assign import SplitAssignment
from tunesmith.examples.splitting.contradictions import contradictions, equal_questions
from tunesmith.examples.splitting.split import SPLITS, Split, check_split_sizes, reasons_in_words
from tunesmith.files import (
    atomic_file,
    hash_file,
    json_line,
    read_json,
    read_json_lines,
    write_json,
    write_json_lines,
    write_text,
)
from tunesmith.models.load import context_tokens, num_known_tokens, refuse_without_merge
from tunesmith.recipe.load_recipe import resolved_yaml
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.pages.page_folder import folder_files
from tunesmith.sources.read_source import explain_source
from tunesmith.sources.row import Dropped
from tunesmith.stages.execution.plugins_used import check_plugins, source_plugins
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.execution.stage import Result, Stage, code_of, finished_result, run_stage
from tunesmith.stages.preparing.encode_file import encode_file
from tunesmith.stages.preparing.example_encoder import EncodeCount, ExampleEncoder
from tunesmith.stages.preparing.line_sieve import line_sieve
from tunesmith.stages.preparing.split_files import (
    emptied_notices,
    remembered_before,
    remembered_now,
    share_notices,
    split_record,
    split_sizes,
    write_examples,
)
from tunesmith.stages.preparing.teacher_sources import (
    taught_paths,
    teach_sources,
    teacher_inputs,
    with_taught_files,
)
from tunesmith.stages.preparing.token_lengths import token_lengths
from tunesmith.stages.responders.renderer import Renderer, recipe_renderer, refuse_unknown_tokens
from tunesmith.templates.wrapped import wrapping_cure
from tunesmith.tokens.store import TokenStore, is_store_name, store_name, write_store

_KNOWN = "tokens that the model knows"
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
    "stages/preparing/split_files.py",
)


def prepare(
    recipe: Recipe, folder: RunFolder, *, recipe_folder: Path, progress: Progress
) -> Result:
    """Read, clean, split, render and encode everything a recipe names.

    Args:
        recipe: What to read and how to render it.
        folder: Where the files go; data/summary.json holds the returned record.
        recipe_folder: What relative paths are relative to.
        progress: Told of rows as they pass.

    Returns:
        `kept`, `dropped` by reason, `splits` (rows, groups, tokens, trained tokens), `notices`.

    Raises:
        DataError: Nothing is left, or too much was unreadable.
        MissingError: A source or the model does not exist.
        RefusedError: The model has no row for a token, or its adapter cannot be merged.
    """
    with folder.locked(recipe, recipe_folder):
        renderer = recipe_renderer(recipe, recipe_folder)
        return prepare_stage(recipe, folder, renderer, recipe_folder, progress)


def prepare_stage(
    recipe: Recipe,
    folder: RunFolder,
    renderer: Renderer,
    recipe_folder: Path,
    progress: Progress,
) -> Result:
    """`prepare` for a caller that holds the lock and the tokenizer already."""
    check_plugins(recipe)
    refuse_without_merge(renderer.place)
    stage = preparation(recipe, folder, renderer, recipe_folder)
    refuse_unknown_tokens(renderer, num_known=stage.inputs[_KNOWN])
    write_text(folder.recipe, resolved_yaml(recipe))
    read = with_taught_files(recipe, folder, recipe_folder)
    work = _Work(recipe, read, folder, renderer, recipe_folder, progress, stage)
    is_done = finished_result(folder, stage) is not None
    result = run_stage(folder, stage, work.run)
    notices = [*result["notices"], *room_notices(recipe, folder, renderer)]
    for notice in () if is_done else notices:
        progress.note(notice)
    return {**result, "notices": notices}


def row_limit(recipe: Recipe, renderer: Renderer) -> tuple[int, list[str]]:
    """Tokens a row may have: what the recipe says, but no more than the model can read."""
    asked, context = recipe.training.max_tokens, context_tokens(renderer.place)
    if context is None or asked <= context:
        return asked, []
    return context, [f"training.max_tokens is {asked:,}, but the model reads {context:,} at most"]


def room_notices(recipe: Recipe, folder: RunFolder, renderer: Renderer) -> list[str]:
    """What the longest test prompt leaves of the context, where that is no whole answer."""
    context, wanted = context_tokens(renderer.place), recipe.generation.max_new_tokens
    longest = read_json(folder.token_lengths).get("longest_prompt", 0)
    if context is None or longest + wanted <= context:
        return []
    return [
        f"generation.max_new_tokens is {wanted:,}, but the longest prompt of the test set has "
        f"{longest:,} tokens and the model reads {context:,}: its answer may have "
        f"{context - longest:,}"
    ]


def open_store(folder: RunFolder, split: Split) -> TokenStore:
    """The rows of a split, as the last preparation encoded them.

    Raises:
        MissingError: The file is gone, or was made of something else.
    """
    return TokenStore(store_path(folder, split), key=folder.read_manifest()["prepare"]["key"])


def store_path(folder: RunFolder, split: Split) -> Path:
    """The token store of a split, as the last preparation wrote it."""
    key = folder.read_manifest()["prepare"]["key"]
    return folder.tokens / store_name(split, key)


def read_split(folder: RunFolder, split: Split) -> Iterator[Example]:
    """The examples of a split, in order."""
    return (Example.from_json(record) for record in read_json_lines(folder.examples(split)))


def preparation(
    recipe: Recipe, folder: RunFolder, renderer: Renderer, recipe_folder: Path
) -> Stage:
    """The stage of a recipe: what it depends on, and the files it writes."""
    inputs = {
        "sources": [_source_inputs(source, recipe_folder) for source in recipe.sources],
        "examples": recipe.examples.model_dump(),
        "remembered": remembered_before(folder, with_taught_files(recipe, folder, recipe_folder)),
        "rendering": renderer.fingerprint,
        "max_tokens": row_limit(recipe, renderer)[0],
        _KNOWN: num_known_tokens(renderer.place),
        "when_too_long": recipe.training.when_too_long,
        "plugins": [plugin.fingerprint for plugin in source_plugins(recipe)],
        "code": code_of(*_CODE),
        "libraries": [tokenizers.__version__, transformers.__version__, version("rensa")],
    }
    stage = Stage(name="prepare", inputs=inputs, outputs=())
    outputs = [folder.examples(split) for split in SPLITS]
    outputs += [folder.tokens / store_name(split, stage.key) for split in SPLITS]
    outputs += taught_paths(recipe, folder)
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


def _folder_content(folder: Path) -> list[list[str]] | None:
    """Names and hashes of the files in a folder of pages."""
    if not folder.is_dir():
        return None
    files = folder_files(folder)
    return [[str(path.relative_to(folder)), hash_file(path)] for path in files]


@dataclass(slots=True)
class _Work:
    """One preparation; the counts grow while it runs."""

    asked: Recipe  # as it is written; in `recipe` teachers are replaced by their files
    recipe: Recipe
    folder: RunFolder
    renderer: Renderer
    recipe_folder: Path
    progress: Progress
    stage: Stage
    read: ReadCount = field(default_factory=ReadCount)
    late: dict[Split, Counter[str]] = field(default_factory=dict)
    encoded: dict[Split, EncodeCount] = field(default_factory=dict)
    num_contradictions: int = 0
    read_as: list[dict[str, str]] = field(default_factory=list)
    taught: list[Result] = field(default_factory=list)

    def run(self) -> Result:
        self.taught = teach_sources(self.asked, self.folder, self.recipe_folder, self.progress)
        self._explain()
        trouble: DataError | None = None
        with atomic_file(self.folder.dropped) as dropped:
            try:
                assignment = self._divide(dropped)
            except DataError as error:  # what was dropped is written all the same
                trouble = error
            else:
                for split, rows in assignment.num_rows().items():
                    self._encode(split, rows, dropped)
        if trouble is not None:
            for split in SPLITS:
                self.folder.examples(split).unlink(missing_ok=True)
            raise trouble
        check_split_sizes(
            {split: count.rows for split, count in self.encoded.items()},
            dropped=self.late["train"],
        )
        self.num_contradictions = self._find_contradictions()
        self._forget_old_stores()
        self._write_lengths()
        summary = self._summary(assignment)
        write_json(self.folder.summary, {"schema": 1, **summary})
        return summary

    def _explain(self) -> None:
        """Say what each source is read as, for a kind that was found may be the wrong one."""
        for source in self.recipe.sources:
            found = explain_source(source, folder=self.recipe_folder)
            self.read_as.append(asdict(found))
            self.progress.note(f"{found.name} is read as {found.kind}: {found.reason}")

    def _divide(self, dropped: IO[bytes]) -> SplitAssignment:
        def drop(item: Dropped) -> None:
            dropped.write(json_line(asdict(item)))

        return write_examples(
            self.recipe,
            self.folder,
            recipe_folder=self.recipe_folder,
            progress=self.progress,
            count=self.read,
            drop=drop,
        )

    def _encode(self, split: Split, num_rows: int, dropped: IO[bytes]) -> None:
        count = self.encoded[split] = EncodeCount()
        late = self.late[split] = Counter()

        def drop(item: Dropped) -> None:
            late[item.reason] += 1
            self.read.lose(item)
            dropped.write(json_line(asdict(item)))

        encoder = ExampleEncoder(
            how=self.renderer,
            max_tokens=row_limit(self.recipe, self.renderer)[0],
            num_known=self.stage.inputs[_KNOWN],
            when_too_long=self.recipe.training.when_too_long,
            drop=drop,
            count=count,
            is_tested=split == "test",
            context=context_tokens(self.renderer.place),
        )
        self.progress.start(f"encoding {split}", num_rows)
        examples = self.folder.examples(split)
        key = self.stage.key
        with line_sieve(examples) as sieve:
            rows = encode_file(
                encoder, examples, num_rows=num_rows, progress=self.progress, sieve=sieve
            )
            write_store(self.folder.tokens / store_name(split, key), rows, key=key)
        self.progress.close()

    def _find_contradictions(self) -> int:
        """List questions with different answers; nothing is dropped for them."""
        self.progress.start("comparing answers", None)
        pairs = equal_questions([self.folder.examples(split) for split in SPLITS])
        found = (one.to_json() for one in contradictions(pairs))
        count = write_json_lines(self.folder.contradictions, found)
        self.progress.close()
        return count

    def _write_lengths(self) -> None:
        lengths = {str(split): count.lengths for split, count in self.encoded.items()}
        limit = row_limit(self.recipe, self.renderer)[0]
        record = token_lengths(lengths, max_tokens=limit)
        record["longest_prompt"] = self.encoded["test"].longest_prompt
        write_json(self.folder.token_lengths, record)

    def _forget_old_stores(self) -> None:
        current = {store_name(split, self.stage.key) for split in SPLITS}
        for path in self.folder.tokens.glob("*.arrow"):
            if path.name not in current and is_store_name(path.name):
                path.unlink()

    def _summary(self, assignment: SplitAssignment) -> Result:
        read = self.read.to_json()
        lost = {split: count.lost for split, count in self.encoded.items()}
        sizes = split_sizes(assignment, self.folder, lost)
        return {
            "kept": read["kept"],
            "dropped": read["dropped"],
            "by_source": read["by_source"],
            "read_as": self.read_as,
            **({"taught": self.taught} if self.taught else {}),
            "redacted": dict(self.read.redacted.most_common()),
            "contradictions": self.num_contradictions,
            "splits": {
                split: {
                    "rows": count.rows,
                    **split_record(sizes, self.recipe.examples, split),
                    "tokens": count.tokens,
                    "trained_tokens": count.trained_tokens,
                }
                for split, count in self.encoded.items()
            },
            "remembered": remembered_now(self.folder),
            "notices": self._notices(assignment),
        }

    def _notices(self, assignment: SplitAssignment) -> list[str]:
        notices = [self.renderer.warning] if self.renderer.warning else []
        notices += row_limit(self.recipe, self.renderer)[1]
        if total := self.read.dropped.total():
            notices.append(
                f"{total:,} of {self.read.num_read:,} rows were dropped "
                f"({reasons_in_words(self.read.dropped)}): data/dropped.jsonl"
            )
        notices += [
            f"{number:,} answers ended in {marker!r}, which was taken off; the template writes "
            "the model's own end"
            for marker, number in self.read.removed.items()
        ]
        if self.num_contradictions:
            notices.append(
                f"{self.num_contradictions:,} pairs of answers to one question differ: "
                "data/contradictions.jsonl"
            )
        wrapped = sum((count.wrapped for count in self.encoded.values()), Counter())
        if wrapped:
            marker, _ = wrapped.most_common(1)[0]
            notices.append(
                f"{sum(wrapped.values()):,} rows already carry {marker!r} in their text and "
                f"are wrapped twice. {wrapping_cure(self.renderer.template, marker)}"
            )
        if in_part := sum(count.in_part for count in self.encoded.values()):
            notices.append(
                f"{in_part:,} conversations keep only the turns that fit; the others, too long, "
                "are not trained on"
            )
        tested = self.encoded["test"]
        if tested.rows and not tested.longest_prompt:
            notices.append(
                "the test rows are plain text, which asks nothing: loss and next-token accuracy "
                "score them, no other metric does"
            )
        notices += share_notices(self.recipe.examples, assignment)
        return notices + emptied_notices(assignment, self.late)
