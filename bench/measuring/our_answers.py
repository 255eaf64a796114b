"""A job -> Tunesmith's answers to the same prompts, timed like a peer's.

python -m measuring.our_answers --job FILE      # with bench/ on the path
"""

import argparse
import json
import time
from pathlib import Path

from tunesmith.examples.example import Message
from tunesmith.generation.responder import OpenQuestion, answer_all
from tunesmith.models.load import find_model
from tunesmith.recipe.recipe import GenerationRecipe, Recipe
from tunesmith.stages.responders.load_responder import load_responder
from tunesmith.stages.responders.renderer import Renderer, recipe_renderer
from tunesmith.training.resources.allocator import keep_freed_memory


def main() -> None:
    """Answer all questions and print the time and the answers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--job", type=Path, required=True)
    job = json.loads(parser.parse_args().job.read_text(encoding="utf-8"))
    keep_freed_memory()
    generation = GenerationRecipe(max_new_tokens=job["new_tokens"])
    responder = load_responder(_renderer(job), name="base", recipe=generation)
    questions = [
        OpenQuestion(example_id=f"{place:06}", messages=[Message(role="user", content=text)])
        for place, text in enumerate(job["questions"])
    ]
    started = time.perf_counter()
    answers = sorted(answer_all(responder, questions), key=lambda answer: answer.example_id)
    seconds = time.perf_counter() - started
    tokens = sum(answer.num_tokens for answer in answers)
    texts = [answer.text for answer in answers]
    print(json.dumps({"answer_seconds": seconds, "tokens": tokens, "texts": texts}))


def _renderer(job: dict[str, str]) -> Renderer:
    recipe = Recipe.model_validate(
        {
            "model": {"name": job["model"]},
            "sources": [{"path": "unused.jsonl"}],
            "template": {"name": job["template"]},
        }
    )
    find_model(job["model"])
    return recipe_renderer(recipe, Path())


if __name__ == "__main__":
    main()
