"""Runs whose answers a judge of known faults scores, over real HTTP on loopback."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import Body, Choose, EndpointServer, last_message
from tests.evaluation.judge.stub import Seen, seen_text, true_score
from tests.stages.rig import Talk, opened
from tunesmith.endpoints.caller import CallTerms
from tunesmith.endpoints.retries import RetryPolicy
from tunesmith.evaluation.metrics import token_f1
from tunesmith.examples.example import Example, Message
from tunesmith.files import write_json, write_json_lines
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.execution.claim import MARKER
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.test_set.judging import judge_answers

WORDS = ["red", "green", "blue", "black", "white", "grey", "pink", "gold", "rust", "teal"]
MODELS = ("base", "tuned")


@dataclass(frozen=True, kw_only=True)
class BiasedJudge:
    """A judge that knows the truth, and how often something else decides.

    Attributes:
        position: Share of pairs in which whatever stands first is preferred.
        length: Share in which the longer answer is.
        unreadable: Share of questions to which it never says anything that can be read.
        echo: Share of questions to which it repeats the answer.
    """

    position: float = 0.0
    length: float = 0.0
    unreadable: float = 0.0
    echo: float = 0.0
    noise: float = 0.0

    def __call__(self, body: Body) -> str:
        call = seen_text(last_message(body))
        rng = random.Random(json.dumps(dict(call.texts), sort_keys=True))
        draw = rng.random()
        if draw < self.unreadable:
            return "I would rather not say."
        if draw < self.unreadable + self.echo:
            return call.texts.get("answer") or call.texts.get("A") or "?"
        return self._score(call, rng) if "answer" in call.texts else self._better(call, rng)

    def _score(self, call: Seen, rng: random.Random) -> str:
        exact = true_score(call.texts)
        noisy = exact + rng.uniform(-self.noise, self.noise)
        return call.score(round(min(100.0, max(0.0, noisy))))

    def _better(self, call: Seen, rng: random.Random) -> str:
        first, second = call.texts["A"], call.texts["B"]
        draw = rng.random()
        if draw < self.position:
            return call.better("A")
        # The same pair meets the same temptation, whichever way around it is shown.
        tempted = random.Random(json.dumps(sorted([first, second]))).random()
        if tempted < self.length and len(first) != len(second):
            return call.better("A" if len(first) > len(second) else "B")
        one, two = (token_f1(text, call.texts["reference"]) for text in (first, second))
        return call.better("tie" if one == two else "A" if one > two else "B")


@dataclass
class JudgedRun:
    """A run folder with answers, and a recipe whose judge is a server here."""

    folder: RunFolder
    recipe: Recipe
    server: EndpointServer
    talk: Talk = field(default_factory=Talk)

    def judge(self, **changes: Any) -> dict[str, Any]:
        """Have everything judged; what `scores.json` will say of the judge."""
        evaluation = self.recipe.evaluation.model_copy(update=changes)
        recipe = self.recipe.model_copy(update={"evaluation": evaluation})
        return judge_answers(
            opened(recipe, self.folder, recipe_folder=self.folder.path, progress=self.talk), MODELS
        )


Padding = Mapping[str, tuple[int, int]]


def write_answers(
    path: Path,
    *,
    num_rows: int,
    right: Mapping[str, float] | None = None,
    padding: Padding | None = None,
) -> RunFolder:
    """A test set of word lists, and answers of which a share is right, the rest random words.

    `padding` is how many characters, at least and at most, stand behind a model's answers.
    """
    folder = RunFolder(path)
    write_json(path / MARKER, {"schema": 1, "kind": "run"})
    rng = random.Random(6)
    examples = [_example(number, rng) for number in range(num_rows)]
    write_json_lines(folder.examples("test"), (example.to_json() for example in examples))
    for model, share in (right or {"base": 0.2, "tuned": 0.8}).items():
        more = (padding or {}).get(model)
        answers = (_completion(example, model, share, rng, more) for example in examples)
        write_json_lines(folder.completions(model), answers)
    return folder


def _example(number: int, rng: random.Random) -> Example:
    return Example(
        messages=(
            Message(role="user", content=f"Which colours has flag {number}?"),
            Message(role="assistant", content=" ".join(rng.sample(WORDS, k=4))),
        ),
        source=f"flags.jsonl:{number}",
    )


def _completion(
    example: Example,
    model: str,
    right: float,
    rng: random.Random,
    padding: tuple[int, int] | None,
) -> dict[str, object]:
    is_right = rng.random() < right
    text = example.reference if is_right else " ".join(rng.choices(WORDS, k=4))
    if padding is not None:
        text += "." * rng.randint(*padding)
    return {
        "example_id": example.id,
        "model": model,
        "text": text,
        "num_tokens": 4,
        "finish_reason": "stop",
    }


@contextmanager
def judged_run(
    folder: RunFolder,
    judge: Callable[[Body], str],
    *,
    monkeypatch: pytest.MonkeyPatch,
    choose: Choose = lambda body, times_asked: None,
    **settings: Any,
) -> Iterator[JudgedRun]:
    """A server that judges, and a recipe that names it; nobody waits long between attempts."""
    retry_policy = RetryPolicy(first_wait_seconds=0.001, longest_wait_seconds=0.002)
    monkeypatch.setattr(
        "tunesmith.stages.responders.endpoint.CallTerms",
        partial(CallTerms, retry_policy=retry_policy),
    )
    with EndpointServer(judge, choose=choose, models=["stub"]) as server:
        endpoint = {"url": server.url, "model": "stub", "timeout_seconds": 0.5}
        recipe = recipe_from_mapping(
            {
                "sources": [{"path": "flags.jsonl"}],
                "evaluation": {"judge": endpoint, "pairwise": "base", **settings},
            }
        )
        yield JudgedRun(folder, recipe, server)
