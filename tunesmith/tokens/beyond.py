"""Token ids against the tokens that a model knows -> an error that names those it does not."""

from collections.abc import Sequence

import numpy as np

from tunesmith.errors import RefusedError
from tunesmith.tokens.encode import IntArray
from tunesmith.tokens.tokenizer import Tokenizer

_SHOWN = 3


def refuse_beyond(
    ids: IntArray | Sequence[int], tokenizer: Tokenizer, *, num_known: int | None
) -> None:
    """Refuse ids that a model has no row for: its tokenizer is another one, or was extended.

    A tokenizer may hold more tokens than its model knows (Gemma 3's does), as long as nothing
    that is read or written uses them.

    Args:
        ids: Of a text; (T,).
        tokenizer: That encoded it.
        num_known: Rows of the model's input table; None checks nothing.

    Raises:
        RefusedError: Some are not below `num_known`.
    """
    if num_known is None or not len(ids) or int(np.max(ids)) < num_known:
        return
    beyond = sorted({int(one) for one in ids if one >= num_known})
    listed = [f"{tokenizer.hf.convert_ids_to_tokens(one)!r} (id {one:,})" for one in beyond]
    more = f" and {len(beyond) - _SHOWN:,} more" if len(beyond) > _SHOWN else ""
    size = tokenizer.vocabulary_size
    raise RefusedError(
        f"the model has rows for {num_known:,} tokens, its tokenizer writes {size:,}: "
        f"{', '.join(listed[:_SHOWN])}{more} cannot be read",
        where=f"tokenizer {tokenizer.name}",
        cure="Use the tokenizer that belongs to the weights and a template without these tokens, "
        f"or call resize_token_embeddings({size}) and save the model again.",
    )
