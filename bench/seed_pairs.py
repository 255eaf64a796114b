"""How often are two tunings called better or worse that differ by their seed alone?

    python bench/seed_pairs.py --runs 24 --out runs/seed_pairs

Tunes the starter on the demo's recipe with another seed each time (the seed decides the order
of the data; nothing else differs), lets it answer the test set and grades the answers.
"""

import argparse
import time
from pathlib import Path

from tunesmith.evaluation.metrics import TEXT_METRICS, grade_completions
from tunesmith.files import write_json_lines
from tunesmith.generation.answer import Question, answer_all
from tunesmith.models.load import find_model
from tunesmith.recipe.load import load_recipe
from tunesmith.stages.demo import RECIPE
from tunesmith.stages.prepare import read_split
from tunesmith.stages.progress import SilentProgress
from tunesmith.stages.rendering import recipe_rendering
from tunesmith.stages.run_folder import RunFolder
from tunesmith.stages.speaker import tuned_speaker
from tunesmith.stages.train import train

TUNED = "tuned"


def main() -> None:
    """Tune what is missing, within the time given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=24)
    parser.add_argument("--epochs", type=float, default=0.75, help="of the 3 that the demo has")
    parser.add_argument("--seconds", type=float, default=1e9, help="start no tuning after this")
    parser.add_argument("--out", type=Path, default=Path("runs/seed_pairs"))
    arguments = parser.parse_args()
    start = time.monotonic()
    for seed in range(arguments.runs):
        if time.monotonic() - start > arguments.seconds:
            return
        tuned(arguments.out / f"seed-{seed:02d}", seed, arguments.epochs)


def tuned(path: Path, seed: int, epochs: float) -> Path:
    """A run that differs from the others by its seed, with graded answers of the tuned model."""
    folder = RunFolder(path)
    last = folder.grades("chrf")
    if last.is_file():
        return path
    start = time.monotonic()
    recipe = load_recipe(RECIPE, overrides=[f"training.epochs={epochs}", f"training.seed={seed}"])
    train(recipe, folder, recipe_folder=RECIPE.parent, progress=SilentProgress())
    trained = time.monotonic()
    rendering = recipe_rendering(recipe, RECIPE.parent)
    speaker = tuned_speaker(recipe, rendering, find_model(str(folder.model)))
    rows = list(read_split(folder, "test"))
    questions = [Question(example_id=row.id, messages=row.prompt) for row in rows]
    answers = list(answer_all(speaker, questions))
    write_json_lines(folder.completions(TUNED), (answer.to_json() for answer in answers))
    references = {row.id: row.reference for row in rows}
    for metric in TEXT_METRICS:
        grades = grade_completions(answers, references, metric=metric, model=TUNED)
        write_json_lines(folder.grades(metric), (grade.to_json() for grade in grades))
    print(path, f"{trained - start:.0f} s + {time.monotonic() - trained:.0f} s", flush=True)
    return path


if __name__ == "__main__":
    main()
