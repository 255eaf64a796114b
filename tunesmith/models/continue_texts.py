"""New tokens and the key-value cache of the texts they continue -> what comes next.

R texts, H hidden, V vocabulary. One forward reads the newest token of every text that is going
on and whole new prompts beside them, so that a prompt joins at the cost of its tokens.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from tunesmith.models.forward import (
    PROBE_TOLERANCE,
    ContinuationOutput,
    LanguageModel,
    probe_examples,
    row_logits,
)
from tunesmith.models.rows.key_value_cache import KeyValueCache
from tunesmith.tokens.collate import collate


def continue_texts(
    model: LanguageModel,
    cache: KeyValueCache,
    ids: Sequence[int],
    new_lengths: Sequence[int],
    *,
    output: ContinuationOutput,
) -> torch.Tensor:
    """Read the newest token of each going text, and new texts behind them.

    Args:
        model: One that `find_continuation_output` knows how to read.
        cache: What was read so far; grows by the row.
        ids: The row's T tokens.
        new_lengths: Tokens of each new text.
        output: Whether hidden states are wanted, or logits.

    Returns:
        For the last token of each text its state, (R, H), or its logits, (R, V).
    """
    device = model.device
    going = cache.num_going
    ends = torch.tensor(new_lengths, dtype=torch.int64).cumsum(0) + going - 1
    keep = torch.cat([torch.arange(going), ends]).to(device)
    row: dict[str, Any] = {
        "input_ids": torch.tensor(ids, dtype=torch.int64, device=device)[None],
        "position_ids": cache.begin_step(new_lengths, device),
        "key_value_cache": cache,
        "use_cache": False,
    }
    result: torch.Tensor
    if output == "hidden":
        result = model.inner.base_model(**row).last_hidden_state[0, keep]
    else:
        result = model.network(**row, logits_to_keep=keep).logits[0]
    cache.end_step()
    return result


def plain_head(model: LanguageModel) -> torch.Tensor | None:
    """The weight of the model's head, (V, H), if it is a linear layer and nothing else."""
    head = model.inner.get_output_embeddings()
    is_plain = type(head) is torch.nn.Linear and head.bias is None and not head._forward_hooks
    return head.weight if is_plain else None


def find_continuation_output(model: LanguageModel) -> ContinuationOutput:
    """What a model gives exactly when it continues texts; found once, by comparing.

    `hidden` where its logits are its plain head's product with its last hidden states and
    nothing else, `logits` where more is done to them, and `none` where it cannot continue
    texts in our way.
    """
    if model.continuation_output is None:
        model.network.eval()
        with torch.inference_mode():
            model.continuation_output = _probe(model)
    return model.continuation_output


def _probe(model: LanguageModel) -> ContinuationOutput:
    """Let three short texts go on for two tokens, and compare with the whole texts."""
    if model.layout != "rows":
        return "none"
    examples = probe_examples(int(model.inner.config.get_text_config().vocab_size))
    batch = collate(examples).to(model.device)
    ends = torch.tensor([span.start + span.length for span in batch.spans], device=model.device)
    whole = row_logits(model.network, batch, keep=torch.cat([ends - 3, ends - 2, ends - 1]))
    tolerance = PROBE_TOLERANCE * max(1.0, float(whole.abs().max()))
    texts = [example.ids.tolist() for example in examples]
    candidates: list[ContinuationOutput] = ["hidden", "logits"]
    for output in candidates:
        logits = _continued(model, texts, output)
        if logits is not None and float((logits - whole).abs().max()) <= tolerance:
            return output
    return "none"


def _continued(
    model: LanguageModel, texts: Sequence[Sequence[int]], output: ContinuationOutput
) -> torch.Tensor | None:
    """Logits after all but the last two tokens of each text, after the next, after the last."""
    weight = plain_head(model)
    if output == "hidden" and weight is None:
        return None
    cache = KeyValueCache(len(texts))
    starts = [text[:-2] for text in texts]
    rows = [[token for start in starts for token in start]]
    rows += [[text[-2] for text in texts], [text[-1] for text in texts]]
    news = [[len(start) for start in starts], [], []]
    try:
        parts = [
            continue_texts(model, cache, row, new, output=output)
            for row, new in zip(rows, news, strict=True)
        ]
    except (TypeError, ValueError, RuntimeError, KeyError, AttributeError):
        return None
    result = torch.cat(parts)
    return (
        functional.linear(result, weight) if output == "hidden" and weight is not None else result
    )
