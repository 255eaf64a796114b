"""One prompt and several models -> their answers, one after the other."""

from collections.abc import Iterator, Sequence

from tunesmith.examples.example import Message
from tunesmith.generation.responder import OpenQuestion, answer_all
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.responders.load_responder import named_responder
from tunesmith.stages.results.answered import Answer


def ask(text: str, models: Sequence[str], *, generation: GenerationRecipe) -> Iterator[Answer]:
    """Put one question to each model, in turn, so that only one is in memory at a time.

    Raises:
        MissingError: There is no such model.
    """
    question = OpenQuestion(example_id="question", messages=(Message(role="user", content=text),))
    for name in models:
        responder = named_responder(name, recipe=generation)
        for completion in answer_all(responder, [question]):
            yield Answer.of(completion)
