"""A run whose answers to validation rows are there, without a model: for tests of what follows."""

from pathlib import Path

from tunesmith.evaluation.usability.measure import UsabilityFiles, measure_usability
from tunesmith.examples.example import Example, Message
from tunesmith.files import write_json, write_json_lines
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.reviewing.review_files import review_files

WRONG = {1: "shouted", 2: "no unit"}  # of each five rows


def example(number: int, *, split: str = "") -> Example:
    """A question with its reference."""
    question = f"How far is {split}{number}?"
    messages = (
        Message(role="user", content=question),
        Message(role="assistant", content=f"It is {number} km away."),
    )
    return Example(messages=messages, source=f"a.jsonl:{number}", tags=("task:far",))


def answer(number: int) -> str:
    """What the model says: every fifth shouts, every fifth forgets the unit."""
    right = f"It is {number} km away."
    return {1: right.upper(), 2: f"It is {number} away."}.get(number % 5, right)


def reviewable_run(
    folder: Path, *, rows: int = 60, models: tuple[str, ...] = ("tuned",)
) -> RunFolder:
    """A run below a folder with a recipe."""
    (folder / "recipe.yaml").write_text("sources: [{path: a.jsonl}]\n")
    place = RunFolder(folder / "runs" / "mine")
    place.path.mkdir(parents=True)
    marker = {"schema": 1, "kind": "run", "recipe": str(folder / "recipe.yaml")}
    write_json(place.path / "tunesmith-run.json", marker)
    write_json_lines(place.examples("train"), (example(n, split="t").to_json() for n in range(9)))
    validation = [example(n) for n in range(rows)]
    write_json_lines(place.examples("validation"), (one.to_json() for one in validation))
    write_json_lines(place.examples("test"), [example(0, split="x").to_json()])
    files = review_files(place)
    write_json_lines(files.rows, (one.to_json() for one in validation))
    for model in models:
        answers = [
            {
                "example_id": one.id,
                "model": model,
                "text": answer(n),
                "num_tokens": 5,
                "finish_reason": "stop",
            }
            for n, one in enumerate(validation)
        ]
        write_json_lines(files.answers(model), answers)
    measure_usability(
        UsabilityFiles(
            train=place.examples("train"),
            test=files.rows,
            completions={model: files.answers(model) for model in models},
            signs=files.signs,
        ),
        markers=(),
        comparisons=(),
    )
    return place
