"""A GGUF file -> a folder from which Ollama creates the model."""

from pathlib import Path

from tunesmith.files import write_text
from tunesmith.generation.responder import Responder


def write_ollama_folder(folder: Path, file: str, responder: Responder) -> None:
    """Write the `Modelfile` beside a GGUF file; the chat template stands in the file itself.

    Args:
        folder: Where both lie.
        file: The name of the GGUF file.
        responder: Tells what ends an answer, and how long it may be.
    """
    stops = [*_stop_texts(responder), *responder.stops.texts]
    lines = [f"FROM ./{file}", "REQUIRES 0.30.0"]
    lines += [f"PARAMETER stop {_quoted(stop)}" for stop in stops]
    lines.append(f"PARAMETER num_predict {responder.recipe.max_new_tokens}")
    lines.append(f"PARAMETER temperature {responder.recipe.temperature:g}")
    if context := responder.model.context_tokens:
        lines.append(f"PARAMETER num_ctx {context}")
    write_text(folder / "Modelfile", "\n".join(lines) + "\n")


def _stop_texts(responder: Responder) -> list[str]:
    known = {token: text for text, token in responder.tokenizer.control_ids.items()}
    return [known[token] for token in responder.stop_ids if token in known]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
