"""A model that is being trained -> its answers to a few validation rows, a line each.

They are asked at validations, greedily, and take a twentieth of the time at most. Neither weights
nor random numbers know of them: losses are the same to the bit, with them or without.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tunesmith.errors import TunesmithError
from tunesmith.examples.example import Example
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.generation.responder import OpenQuestion, Responder, answer_all
from tunesmith.line_log import append_line
from tunesmith.models.forward import LanguageModel
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.kept_stops import stops_of
from tunesmith.stages.responders.renderer import Renderer
from tunesmith.training.engine import kept_randomness

_SHARE = 0.05  # of the time since training began
_FROM_SECONDS = 2.0  # a training that is over by then shows its answers soon enough
_MOST_TOKENS = 64  # of an answer


@dataclass(slots=True, kw_only=True)
class SampleAnswers:
    """What is asked, and how much time that has taken.

    Attributes:
        run: Whose validation rows are asked; told where asking fails.
        responder: The model as it is trained, with all that it needs to answer.
        examples: The rows.
    """

    run: Run
    responder: Responder
    examples: list[Example]
    _began: float = field(default_factory=time.monotonic)
    _spent: float = 0.0
    _last: float = 0.0

    def begin(self, step: int) -> None:
        """Drop answers of steps after `step`, which will be done again."""
        path = self.run.folder.samples
        if path.is_file():
            kept = [line for line in read_json_lines(path) if step and line["step"] <= step]
            write_json_lines(path, kept)

    def after(self, line: dict[str, Any]) -> None:
        """Ask after a validation, if the time allows it.

        Args:
            line: Of the log.
        """
        elapsed = time.monotonic() - self._began
        is_due = line["split"] == "validation" and elapsed >= _FROM_SECONDS
        if not (is_due and self.examples and self._spent + self._last <= _SHARE * elapsed):
            return
        started = time.monotonic()
        try:
            for record in self._answers(line["step"]):
                append_line(self.run.folder.samples, record)
        except (OSError, RuntimeError, TunesmithError) as error:
            self.examples = []
            self.run.progress.note(f"no more sample answers: {str(error)[:200]}")
        self._last = time.monotonic() - started
        self._spent += self._last

    def _answers(self, step: int) -> Iterator[dict[str, Any]]:
        asked = {one.id: one for one in self.examples}
        questions = [OpenQuestion(example_id=one.id, messages=one.prompt) for one in self.examples]
        network = self.responder.model.network
        was_training = network.training
        try:
            with kept_randomness():
                found = list(answer_all(self.responder, questions, is_lenient=True))
        finally:
            network.train(was_training)
        for one in sorted(found, key=lambda one: list(asked).index(one.example_id)):
            example = asked[one.example_id]
            yield {
                "step": step,
                "example_id": example.id,
                "question": example.prompt[-1].content,
                "reference": example.reference,
                "answer": one.text,
                "finish_reason": one.finish_reason,
            }


def sample_answers(run: Run, renderer: Renderer, model: LanguageModel) -> SampleAnswers:
    """Who asks the model of a training that is about to begin; plain texts ask nothing."""
    rows = (one for one in read_split(run.folder, "validation") if not one.is_text)
    generation = run.recipe.generation
    short = min(generation.max_new_tokens, _MOST_TOKENS)
    responder = Responder(
        name="training",
        model=model,
        tokenizer=renderer.tokenizer,
        template=renderer.template,
        recipe=GenerationRecipe(max_new_tokens=short),
        stops=stops_of(generation, renderer.place),
    )
    examples = list(islice(rows, run.recipe.training.samples))
    return SampleAnswers(run=run, responder=responder, examples=examples)
