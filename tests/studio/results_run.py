"""A run with answers, grades, signs and scores of any size, without a model."""

from pathlib import Path

from tunesmith.evaluation.score import score_files
from tunesmith.examples.example import Example, Message
from tunesmith.files import write_json, write_json_lines
from tunesmith.stages.execution.run_folder import RunFolder

MODELS = ("base", "tuned", "rival <b>x</b>", "tuned-q8")
METRICS = ("exact_match", "chrf", "loss")
HOSTILE = '</div><script>window.hit = 1</script><img src="https://evil.example/x" onerror="hit=1">'


def answered_row(number: int, length: int = 0) -> Example:
    """A question with its reference; every third is of another source."""
    messages = (
        Message(role="user", content=f"How far is {number}? {HOSTILE} {'word ' * length}"),
        Message(role="assistant", content=f"It is {number} km away. {'word ' * length}"),
    )
    source = f"b<i>.jsonl:{number}" if number % 3 == 0 else f"a.jsonl:{number}"
    return Example(messages=messages, source=source, tags=(f"task:t{number % 2}",))


def score_of(number: int, model: str, metric: str) -> float | None:
    """What a model's answer earned: tuned gains on even rows, and a tenth fails."""
    if metric == "loss":
        return 1.0 + number % 7 / 10
    if number % 10 == 9 and metric == "chrf":
        return None
    return float((number * 7 + 40 * (model == "tuned") * (1 - number % 2)) % 101)


def results_run(folder: Path, *, rows: int = 50, length: int = 0) -> RunFolder:
    """A run below a folder with a recipe; the last row has no answer of tuned."""
    (folder / "recipe.yaml").write_text("sources: [{path: a.jsonl}]\n")
    run = RunFolder(folder / "runs" / "mine")
    run.path.mkdir(parents=True)
    marker = {"schema": 1, "kind": "run", "recipe": str(folder / "recipe.yaml")}
    write_json(run.path / "tunesmith-run.json", marker)
    write_json_lines(run.examples("test"), (answered_row(n, length).to_json() for n in range(rows)))
    ids = [answered_row(n, length).id for n in range(rows)]
    write_json(run.summary, {"splits": {"test": {"rows": rows}}})
    for model in MODELS:
        count = rows - (model == "tuned")
        write_json_lines(
            run.completions(model),
            (
                {"example_id": ids[n], "model": model, "num_tokens": 5,
                 "text": f"{model} says {n} km {HOSTILE} {'word ' * length}",
                 "finish_reason": "length" if n % 8 == 0 else "stop"}
                for n in range(count)
            ),
        )  # fmt: skip
        write_json_lines(
            run.signs(model),
            (
                {"example_id": ids[n], "model": model, "form": "text", "is_right": False,
                 "signs": {"repeats": "word word"} if n % 5 == 0 and model == "tuned" else {}}
                for n in range(count)
            ),
        )  # fmt: skip
    for metric in METRICS:
        write_json_lines(
            run.grades(metric),
            (
                {"example_id": ids[n], "model": model, "metric": metric,
                 "score": (score := score_of(n, model, metric)),
                 "reason": "no number" if score is None else None}
                for model in MODELS
                for n in range(rows)
            ),
        )  # fmt: skip
    write_json(run.scores, score_files({metric: run.grades(metric) for metric in METRICS}))
    return run
