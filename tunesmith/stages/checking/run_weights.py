"""A run -> what its own weights would answer to any prompt; loaded when first asked."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch

from tunesmith.errors import TunesmithError
from tunesmith.generation.generate import Prompt, generate
from tunesmith.generation.responder import Responder
from tunesmith.models.forward import trained_logits
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.serving.check.checked_row import KnownAnswer
from tunesmith.serving.check.evidence import Weights
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.responders.asked_model import LocalModel
from tunesmith.stages.responders.model_names import open_model
from tunesmith.tokens.collate import collate
from tunesmith.tokens.encode import EncodedExample


class RunWeights:
    """Base and tuned of a run, on this machine; whichever cannot be loaded is said once."""

    def __init__(self, folder: RunFolder, generation: GenerationRecipe, progress: Progress) -> None:
        self._folder = folder
        self._generation = generation.model_copy(update={"temperature": 0.0})
        self._progress = progress
        self._missing: set[str] = set()

    @cached_property
    def _base(self) -> Responder:
        return self._loaded("base")

    @cached_property
    def _tuned(self) -> Responder:
        return self._loaded("tuned")

    def answers(
        self, weights: Weights, prompts: Sequence[Sequence[int]], max_tokens: int
    ) -> list[KnownAnswer] | None:
        """The likeliest answers to prompts; None where the weights cannot be loaded."""
        responder = self._responder(weights)
        if responder is None:
            return None
        asked = [Prompt(ids=ids, key=str(at)) for at, ids in enumerate(prompts)]
        recipe = responder.recipe.model_copy(update={"max_new_tokens": max_tokens})
        written = generate(responder.model, asked, recipe=recipe, stop_ids=responder.stop_ids)
        return [
            KnownAnswer(text=responder.text_of(one), finish_reason=responder.finish_of(one))
            for one in written
        ]

    def gap(self, ids: Sequence[int], expected: int, found: int) -> float | None:
        """Nats by which the tuned model prefers one token to another after these ids."""
        responder = self._responder("tuned")
        if responder is None:
            return None
        row = np.array([*ids, expected], dtype=np.int32)
        last = np.zeros(len(row), dtype=np.bool_)
        last[-1] = True
        batch = collate([EncodedExample(ids=row, is_trained=last)])
        with torch.inference_mode():
            logits = trained_logits(responder.model, batch.to(responder.model.device))
        return float(logits[0, expected] - logits[0, found])

    def _responder(self, weights: Weights) -> Responder | None:
        if weights in self._missing:
            return None
        try:
            return self._tuned if weights == "tuned" else self._base
        except TunesmithError as error:
            self._missing.add(weights)
            self._progress.note(f"the run's {weights} model cannot be asked here: {error}")
            return None

    def _loaded(self, name: Weights) -> Responder:
        self._progress.status(f"loading the run's {name} model, to find the cause")
        model = open_model(name, generation=self._generation, run=self._folder.path)
        assert isinstance(model, LocalModel), "base and tuned are no servers"
        return model.responder
