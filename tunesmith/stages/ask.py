"""One prompt and several models -> their answers, one after the other."""

from collections.abc import Iterator, Sequence

from tunesmith.examples.example import Message
from tunesmith.generation.responder import OpenQuestion, answer_all
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.execution.stage import Result
from tunesmith.stages.responders.load_responder import named_responder


def ask(text: str, models: Sequence[str], *, generation: GenerationRecipe) -> Iterator[Result]:
    """Put one question to each model, in turn, so that only one is in memory at a time.

    Yields:
        `model`, `text`, `num_tokens`, `finish_reason`.

    Raises:
        MissingError: There is no such model.
    """
    question = OpenQuestion(example_id="question", messages=(Message(role="user", content=text),))
    for name in models:
        responder = named_responder(name, recipe=generation)
        for completion in answer_all(responder, [question]):
            record = completion.to_json()
            del record["example_id"]
            yield record
