"""A folder with a recipe whose pairs are prepared, for the studio."""

import json
from pathlib import Path

from tests.stages.editing.edited_runs import EditedRun, rows
from tests.stages.rig import Talk, write_rows
from tunesmith.stages.execution.opened_run import open_recipe

MAIL = "help@shop.example"
HOSTILE = "<img src=x onerror=\"document.title='owned'\">{{ 7*7 }}<script>alert(1)</script>"


def make_shop(root: Path, model: Path) -> EditedRun:
    """Forty pairs, an address, a contradiction, a hostile text and a dropped row; prepared."""
    more = [
        {"instruction": "How do I reach the shop?", "response": f"Write to {MAIL}, please."},
        {"instruction": f"What is {HOSTILE}?", "response": f"It is {HOSTILE} and nothing else."},
        {"instruction": "Question 0 about the shop?", "response": "Never on a Sunday."},
        {"instruction": "May I bring a dog to the shop?", "response": "-"},
    ]
    write_rows(root / "rows.jsonl", [*rows(), *more])
    text = {
        "model": {"name": str(model), "weights": "pretrained"},
        "template": {"name": "question-answer"},
        "examples": {"redact": ["email"], "split": {"validation": 0.2, "test": 0.1}},
    }
    written = "".join(f"{key}: {json.dumps(value)}\n" for key, value in text.items())
    (root / "recipe.yaml").write_text(f"{written}sources:\n  - path: rows.jsonl\n")
    opened = open_recipe(root / "recipe.yaml", folder=root / "runs" / "recipe")
    run = EditedRun(root=root, run=opened.with_progress(Talk()))
    run.prepare()
    return run
