"""A GGUF file -> a folder from which Ollama creates the model.

A `Modelfile` has no escapes: a quoted text stands as it is, over several lines too, and characters
that cannot be printed are passed over (`parser.go` of Ollama). What is not said there is Ollama's
default, which is not neutral: it makes repeated words less likely and samples from 40 tokens.
"""

from collections.abc import Iterator
from pathlib import Path

from tunesmith.errors import RefusedError
from tunesmith.export.gguf_files.architectures import offered_tokens
from tunesmith.files import write_text
from tunesmith.generation.responder import Responder
from tunesmith.recipe.recipe import GenerationRecipe

_NEUTRAL = ("repeat_penalty 1", "top_k 0", "min_p 0")  # as answers are written here
_BREAKS = "\n\r\t"


def write_ollama_folder(
    folder: Path, file: str, responder: Responder, generation: GenerationRecipe
) -> None:
    """Write the `Modelfile` beside a GGUF file; the chat template stands in the file itself.

    Args:
        folder: Where both lie.
        file: The name of the GGUF file.
        responder: Tells what ends an answer.
        generation: How long answers may be, and how they are sampled.

    Raises:
        RefusedError: A `Modelfile` cannot name a stop.
    """
    stops = [*_stop_texts(responder), *responder.stops.texts]
    lines = [f"FROM ./{file}", "REQUIRES 0.30.0"]
    lines += [f"PARAMETER stop {_quoted(stop)}" for stop in dict.fromkeys(stops)]
    lines += [f"PARAMETER {one}" for one in _sampling(generation)]
    context = responder.model.context_tokens
    offered = offered_tokens(responder.model.inner.config)
    lines.append(f"PARAMETER num_ctx {offered if context is None else min(context, offered)}")
    write_text(folder / "Modelfile", "\n".join(lines) + "\n")


def ollama_file(name: str, kind: str) -> str:
    """The name of the GGUF file, which stands in a line of the `Modelfile`."""
    plain = "".join(one if one.isprintable() else "-" for one in name)
    return f"{plain.strip()}-{kind}.gguf"


def _sampling(generation: GenerationRecipe) -> Iterator[str]:
    yield f"num_predict {generation.max_new_tokens}"
    yield f"temperature {generation.temperature:g}"
    yield f"top_p {generation.top_p:g}"
    yield from _NEUTRAL


def _stop_texts(responder: Responder) -> list[str]:
    known = {token: text for text, token in responder.tokenizer.control_ids.items()}
    return [known[token] for token in responder.stop_ids if token in known]


def _quoted(text: str) -> str:
    """A text as Ollama reads it back, character by character."""
    marks = '"' if '"' not in text else '"""'
    ends_early = any(f"{marks}{end}" in text for end in "\n\r")
    if ends_early or not all(one.isprintable() or one in _BREAKS for one in text):
        problem = f"a Modelfile cannot name the stop {text!r}"
        raise RefusedError(problem, where="--to ollama", cure="Use --to gguf.")
    return f"{marks}{text}{marks}"
