"""The embedded model and its material -> a run, and its story in a few lines."""

from collections.abc import Iterator
from pathlib import Path

from tunesmith.examples.example import Example, last_user_text
from tunesmith.files import read_json, read_json_lines, write_json
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.note_look import looking_by
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.results.reported import Demonstration
from tunesmith.stages.run import run_loop

_STARTER = Path(__file__).resolve().parent.parent / "starter"
RECIPE = _STARTER / "demo.yaml"
STUDY = _STARTER / "study.json"  # what `make study` measured last
_QUESTIONS = 5
_WIDTH = 76


def demo(*, folder: RunFolder, progress: Progress) -> Demonstration:
    """Run the whole loop on what ships with the package, offline.

    Returns:
        What each stage returned, and a story: five test questions with both answers, the
        scores, the verdict and where the report lies.
    """
    here = Path.cwd()
    demonstration = Run(
        recipe=load_recipe(RECIPE),
        folder=folder,
        paths_from=RECIPE.parent,
        progress=progress,
        recipe_file=RECIPE.relative_to(here) if RECIPE.is_relative_to(here) else RECIPE,
    )
    demonstration.claim()
    if STUDY.is_file():
        write_json(folder.study, read_json(STUDY))
    with looking_by("demo"):
        loop = run_loop(demonstration)
    return Demonstration(loop=loop, story=(*_answers(folder), *loop.summary))


def _answers(folder: RunFolder) -> Iterator[str]:
    answers = {
        name: {row["example_id"]: row["text"] for row in read_json_lines(folder.completions(name))}
        for name in ("base", "tuned")
    }
    yield "Five questions of the test set, the first of each kind, before and after:"
    yield ""
    for example in _one_a_task(read_split(folder, "test")):
        yield from _indented("asked", last_user_text(example.messages))
        for name, texts in answers.items():
            yield from _indented(name, texts[example.id])
        yield ""


def _one_a_task(examples: Iterator[Example]) -> Iterator[Example]:
    """The first test row of each kind of task, five of them."""
    seen: set[str] = set()
    for example in examples:
        task = next((tag for tag in example.tags if tag.startswith("task:")), example.id)
        if task not in seen and len(seen) < _QUESTIONS:
            seen.add(task)
            yield example


def _indented(name: str, text: str) -> Iterator[str]:
    line = " / ".join(part for part in text.splitlines() if part.strip())
    shown = line if len(line) <= _WIDTH else f"{line[:_WIDTH]}..."
    yield f"  {name:<6} {shown}"
