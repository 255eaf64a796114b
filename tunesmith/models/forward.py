"""A batch -> last states or logits at its trained positions, by a layout the model reads exactly.

T tokens, M trained positions, H hidden, V vocabulary. `rows`: all examples in one row, each seeing
only itself. `padded`: the textbook's block, for families without the attention interface;
the same mathematics with more work.
"""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel

from tunesmith.models.heads.head import Head, is_untouched
from tunesmith.models.heads.head_probe import find_head
from tunesmith.models.rows.attention import ROWS, use_attention
from tunesmith.models.vocabulary import num_rows
from tunesmith.tokens.collate import Batch, collate
from tunesmith.tokens.encode import EncodedExample

Layout = Literal["rows", "padded"]
ContinuationOutput = Literal["none", "logits", "hidden"]
_PROBE_LENGTHS = (5, 9, 3)
PROBE_TOLERANCE = 1e-4
_SMALLEST_SAVING = 16


@dataclass(slots=True, kw_only=True)
class LanguageModel:
    """A causal model and how it is fed.

    Attributes:
        network: transformers' model, or peft's wrapper around one.
        layout: How several examples are given to it.
        layout_reason: Why, in words.
        own_attention: The implementation it was loaded with: what transformers' `generate` uses.
        head: Its output layer where a tiled loss was found equal to the model's own.
        head_reason: Why, in words.
        continuation_output: What it gives for texts that are being written
            (`models.continue_texts`); None until somebody asks.
    """

    network: Any
    layout: Layout
    layout_reason: str
    own_attention: str
    head: Head | None = None
    head_reason: str = ""
    continuation_output: ContinuationOutput | None = None

    @property
    def tiled_head(self) -> Head | None:
        """The output layer, unless an adapter or a hook has come between since it was probed."""
        is_usable = self.head is not None and is_untouched(self.head, self.inner)
        return self.head if is_usable else None

    @property
    def smallest_saving(self) -> int | None:
        """Tokens that sharing a common beginning must save to pay; None where it cannot be.

        Below some tokens the calls that a span more costs take longer than its tokens. Only the
        tiled loss can give a place several targets. (Dropout would draw once for several
        examples: whoever uses it shares nothing.)
        """
        is_possible = self.layout == "rows" and self.tiled_head is not None
        return _SMALLEST_SAVING if is_possible else None

    @property
    def inner(self) -> PreTrainedModel:
        """The model of transformers, whether or not an adapter is around it."""
        network = self.network
        is_adapted = hasattr(network, "get_base_model")
        inner: PreTrainedModel = network.get_base_model() if is_adapted else network
        return inner

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = next(self.network.parameters()).device
        return device

    @property
    def num_known_tokens(self) -> int:
        """Rows of its input table: ids from here on cannot be read."""
        return num_rows(self.inner)

    @property
    def context_tokens(self) -> int | None:
        """Positions the model was built for, if it says so."""
        config = self.inner.config.get_text_config()
        value = getattr(config, "max_position_embeddings", None)
        return value if isinstance(value, int) and value > 0 else None

    @property
    def shared_row_limit(self) -> int | None:
        """Longest example that may share a row; None is any.

        Rotary frequencies of the kinds longrope and dynamic change for everything that is
        computed together once one example passes the original context.
        """
        config = self.inner.config.get_text_config()
        ropes = getattr(config, "rope_parameters", None) or {}
        if "rope_type" in ropes:
            ropes = {"all layers": ropes}  # others name one for each type of layer
        limits = [
            int(rope.get("original_max_position_embeddings") or self.context_tokens or 0)
            for rope in ropes.values()
            if isinstance(rope, dict) and rope.get("rope_type") in ("longrope", "dynamic")
        ]
        return min(limits, default=None) or None


def trained_logits(model: LanguageModel, batch: Batch) -> torch.Tensor:
    """Run the model; the head only where a token is to be predicted.

    Returns:
        (M, V), in the order of `batch.trained_positions`.
    """
    if model.layout == "padded":
        return _padded_logits(model, batch)
    return row_logits(model.network, batch, keep=batch.trained_positions)


def trained_states(model: LanguageModel, batch: Batch) -> torch.Tensor:
    """What the head reads at the trained positions of a row; (M, H)."""
    output = model.inner.base_model(**_row(batch))
    states: torch.Tensor = output.last_hidden_state.squeeze(0)
    return states.index_select(0, batch.trained_positions)


def row_logits(network: Any, batch: Batch, *, keep: torch.Tensor) -> torch.Tensor:
    """Logits of a whole row at the positions `keep`; (len(keep), V)."""
    output = network(**_row(batch), logits_to_keep=keep)
    # Not `[0]`: the backward of an index fills a second tensor of the logits' size.
    logits: torch.Tensor = output.logits.squeeze(0)
    return logits


def _row(batch: Batch) -> dict[str, Any]:
    """A model's arguments for a row."""
    return {
        "input_ids": batch.ids[None],
        "position_ids": batch.positions[None],
        "spans": batch.spans,
        "use_cache": False,
    }


def _padded_logits(model: LanguageModel, batch: Batch) -> torch.Tensor:
    """The same logits from a right-padded block; only columns that some example trains.

    Padding stands behind every real token, so a causal model never sees it.
    """
    device = batch.ids.device
    lengths = torch.tensor([span.length for span in batch.spans], device=device)
    starts = torch.tensor([span.start for span in batch.spans], device=device)
    pieces = [batch.ids[span.start : span.start + span.length] for span in batch.spans]
    block = pad_sequence(pieces, batch_first=True)  # (B, L)
    mask = torch.arange(block.shape[1], device=device) < lengths[:, None]
    columns = batch.trained_positions - starts[batch.target_examples]
    kept, places = torch.unique(columns, return_inverse=True)
    arguments = {"input_ids": block, "attention_mask": mask.long(), "use_cache": False}
    if _keeps_logits(model.inner):
        logits = model.network(**arguments, logits_to_keep=kept).logits
    else:
        logits = model.network(**arguments).logits[:, kept]
    picked: torch.Tensor = logits[batch.target_examples, places]
    return picked


def _keeps_logits(network: PreTrainedModel) -> bool:
    return "logits_to_keep" in inspect.signature(network.forward).parameters


@contextmanager
def own_attention(model: LanguageModel) -> Iterator[None]:
    """Let the model attend as it was loaded, for generation with its own cache and masks."""
    if model.layout == "rows":
        use_attention(model.inner, model.own_attention)
    try:
        yield
    finally:
        if model.layout == "rows":
            use_attention(model.inner, ROWS)


def choose_layout(network: PreTrainedModel) -> LanguageModel:
    """Find out whether a model reads several examples in one row exactly.

    Three short examples in one row are compared with each alone. Families that ignore
    positions or spans leak in silence, so nothing is taken on trust.
    """
    before = network.config._attn_implementation
    reason = _why_not_rows(network, int(network.config.get_text_config().vocab_size))
    if reason is not None:
        return LanguageModel(
            network=network, layout="padded", layout_reason=reason, own_attention=before
        )
    use_attention(network, ROWS)
    vocabulary = int(network.config.get_text_config().vocab_size)
    batch = collate(probe_examples(vocabulary)).to(network.device)
    head, head_reason = find_head(network, batch)
    return LanguageModel(
        network=network,
        layout="rows",
        layout_reason="several examples in one row equal each alone",
        own_attention=before,
        head=head,
        head_reason=head_reason,
    )


def _why_not_rows(network: PreTrainedModel, num_tokens: int) -> str | None:
    family = network.config.model_type
    if not _keeps_logits(network):
        return f"{family} cannot limit its head to some positions"
    if not network._can_set_attn_implementation():
        return f"{family} has no attention interface"
    examples = probe_examples(num_tokens)
    before = network.config._attn_implementation
    was_training = network.training
    network.eval()
    with torch.no_grad():
        alone = [network(input_ids=_ids(example, network)).logits[0] for example in examples]
        try:
            use_attention(network, ROWS)
            batch = collate(examples).to(network.device)
            keep = torch.arange(len(batch.ids), device=network.device)
            together = row_logits(network, batch, keep=keep)
        except (TypeError, ValueError, RuntimeError, KeyError) as error:
            use_attention(network, before)
            return f"{family} cannot read a row ({type(error).__name__}: {str(error)[:80]})"
    use_attention(network, before)
    network.train(was_training)
    difference = float((together - torch.cat(alone)).abs().max())
    scale = max(1.0, float(together.abs().max()))
    if difference > PROBE_TOLERANCE * scale:
        return f"{family} lets examples of one row see each other (by {difference:.1e})"
    return None


def probe_examples(num_tokens: int) -> list[EncodedExample]:
    """A few short examples of random tokens, the same each time."""
    generator = np.random.default_rng(0)
    return [
        EncodedExample(
            ids=generator.integers(num_tokens, size=length).astype(np.int32),
            is_trained=np.ones(length, dtype=np.bool_),
        )
        for length in _PROBE_LENGTHS
    ]


def _ids(example: EncodedExample, network: PreTrainedModel) -> torch.Tensor:
    return torch.from_numpy(example.ids.astype(np.int64)).to(network.device)[None]


def plan_micro_batches(lengths: Sequence[int], *, size: int, limit: int | None) -> list[list[int]]:
    """Group examples, in order, into micro-batches of at most `size`.

    Args:
        lengths: Tokens of each example of the step.
        size: Examples at once.
        limit: Examples longer than this stand alone (`LanguageModel.shared_row_limit`).
    """
    groups: list[list[int]] = []
    is_open = False
    for index, length in enumerate(lengths):
        is_alone = limit is not None and length > limit
        if not is_open or is_alone or len(groups[-1]) >= size:
            groups.append([])
        groups[-1].append(index)
        is_open = not is_alone
    return groups
