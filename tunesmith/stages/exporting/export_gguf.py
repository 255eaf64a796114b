"""A run's model -> a GGUF file that llama.cpp reads as it was measured, or none.

The file is written beside its place, read back, and asked everything in llama.cpp: ids of texts of
all scripts, the prompts of its own chat template, next tokens, answers to all test rows.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from tunesmith.errors import RefusedError
from tunesmith.export.gguf_files.gguf_content import (
    GgufContent,
    GgufTokens,
    gguf_content,
    gguf_problems,
    vocabulary_only,
    write_gguf,
)
from tunesmith.export.gguf_files.llama_cpp import LlamaCpp
from tunesmith.export.gguf_files.tensor_types import tensor_type
from tunesmith.generation.responder import Responder
from tunesmith.stages.exporting.exported_rows import (
    ExportedRow,
    MeasuredModel,
    looked_at,
    tried_texts,
)
from tunesmith.stages.exporting.runtime_comparison import (
    RuntimeFindings,
    export_refusal,
    last_logits,
    look_at_answers,
    look_at_numbers,
)
from tunesmith.templates.template import Segment
from tunesmith.tokens.encode import encode_prompt

_ENDS = ("eos", "eot", "eom")  # at each of which llama.cpp ends an answer


def write_checked_gguf(
    path: Path, measured: MeasuredModel, *, kind: str, name: str
) -> RuntimeFindings:
    """Write a GGUF file and try it.

    Args:
        path: Where it goes.
        measured: The tuned model.
        kind: Such as f16 or q4_0.
        name: What the model is called in the file.

    Raises:
        RefusedError: It is not the model that was measured; the message names what differs.
    """
    progress, responder = measured.run.progress, measured.responder
    content = _content(measured, kind, name)
    texts = tried_texts(responder)
    progress.start("looking for the way texts are split", None)
    content = _with_split(content, responder, texts, path.with_suffix(".vocabulary"))
    progress.start(f"writing {path.name}", None)
    write_gguf(content, path)
    progress.start("reading it back", None)
    if problems := gguf_problems(path, content):
        raise export_refusal(problems, path)
    findings = try_in_llama_cpp(path, measured, texts, kind=kind)
    if findings.problems:
        raise export_refusal(findings.problems, path)
    return findings


def _content(measured: MeasuredModel, kind: str, name: str) -> GgufContent:
    responder = measured.responder
    tokenizer = responder.tokenizer
    state = json.loads(tokenizer.encoder.scanner.backend.to_str())
    ids = _special_ids(responder)
    begin = ids.get("bos")
    tokens = GgufTokens(
        state=state,
        ids=ids,
        chat_template=measured.chat_template,
        adds_begin=begin is not None and all(row.ids[:1] == (begin,) for row in measured.rows),
    )
    return gguf_content(responder.model.inner, tokens, name=name, kind=tensor_type(kind))


def _special_ids(responder: Responder) -> dict[str, int]:
    hf, stops = responder.tokenizer.hf, responder.stop_ids
    ids = {"bos": hf.bos_token_id, "pad": hf.pad_token_id, "unk": hf.unk_token_id}
    ids["eos"] = hf.eos_token_id
    ids |= dict(zip(_ENDS, stops, strict=False))
    return {name: int(token) for name, token in ids.items() if token is not None}


def _with_split(
    content: GgufContent, responder: Responder, texts: Sequence[str], place: Path
) -> GgufContent:
    """The content with the first way to split that gives the tokenizer's ids.

    Raises:
        RefusedError: None does.
    """
    wanted = [_plain_ids(responder, text) for text in texts]
    differing = ""
    try:
        for name in content.splits:
            split = content.split_by(name)
            write_gguf(vocabulary_only(split), place)
            with _opened(place, 64) as runtime:
                found = _first_difference(runtime, texts, wanted)
            if found is None:
                return split
            differing = differing or found
    finally:
        place.unlink(missing_ok=True)
    problem = f"llama.cpp cannot split texts as this model's tokenizer does ({differing})"
    cure = "Use --to safetensors; transformers and vLLM read the tokenizer as it is."
    raise RefusedError(problem, where="--to gguf", cure=cure)


def _first_difference(
    runtime: LlamaCpp, texts: Sequence[str], wanted: Sequence[Sequence[int]]
) -> str | None:
    for text, ids in zip(texts, wanted, strict=True):
        found = runtime.ids_of(text, reads_control=False)
        if found != list(ids):
            return f"{text!r} gives {found[:8]}, here {list(ids)[:8]}"
    return None


def _plain_ids(responder: Responder, text: str) -> list[int]:
    typed = Segment(text=text, is_content=True, is_trained=False)
    return [int(one) for one in encode_prompt((typed,), responder.tokenizer)]


def _opened(path: Path, context_tokens: int) -> LlamaCpp:
    return LlamaCpp(path, context_tokens=context_tokens, num_threads=torch.get_num_threads())


def try_in_llama_cpp(
    path: Path, measured: MeasuredModel, texts: Sequence[str], *, kind: str
) -> RuntimeFindings:
    """Ask llama.cpp everything, and compare.

    Args:
        path: The file.
        measured: The tuned model.
        texts: To compare ids by.
        kind: How the file's matrices are stored.
    """
    responder, rows = measured.responder, measured.rows
    longest = max((len(row.ids) + row.room for row in rows), default=64)
    with _opened(path, longest + 8) as runtime:
        problems = [*_id_problems(runtime, responder, texts), *_prompt_problems(runtime, rows)]
        problems += _end_problems(runtime, responder)
        seen = looked_at(rows)
        own = [last_logits(responder, row.ids) for row in seen]
        numbers = look_at_numbers(runtime, seen, own, kind=kind)
        problems += numbers.problems
        if problems:
            return RuntimeFindings(problems=tuple(problems), figures={}, completions=())
        answers = look_at_answers(runtime, measured, kind=kind, name="llama.cpp")
    prompts = sum(row.chat is not None for row in rows)
    told = {"texts": len(texts), "prompts": prompts, **numbers.figures}
    return replace(answers, figures={**answers.figures, **told})


def _id_problems(runtime: LlamaCpp, responder: Responder, texts: Sequence[str]) -> Iterator[str]:
    hf = responder.tokenizer.hf
    wanted = [_plain_ids(responder, text) for text in texts]
    if found := _first_difference(runtime, texts, wanted):
        yield f"text has other ids: {found}"
    for text in texts:
        ids = [int(one) for one in hf(text, add_special_tokens=False).input_ids]
        if (read := runtime.ids_of(text, reads_control=True)) != ids:
            yield f"control words have other ids: {text!r} gives {read[:8]}, here {ids[:8]}"
            return


def _end_problems(runtime: LlamaCpp, responder: Responder) -> Iterator[str]:
    for token in responder.stop_ids:
        if not runtime.ends_at(token):
            text = responder.tokenizer.decode([token])
            yield f"it does not end an answer at {token}, the token {text!r}"


def _prompt_problems(runtime: LlamaCpp, rows: Sequence[ExportedRow]) -> Iterator[str]:
    for row in rows:
        if row.chat is None:
            continue
        prompt = runtime.prompt_of(row.chat)
        ids = runtime.ids_of(prompt, reads_control=True, adds_begin=True)
        if ids != list(row.ids):
            yield f"the prompt of row {row.example_id} is another: {prompt[:80]!r}"
            return
