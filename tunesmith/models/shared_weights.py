"""Models of one base -> the same models, with what is equal in them held in memory once."""

from collections.abc import Sequence

import torch

from tunesmith.models.forward import LanguageModel


def share_equal_weights(models: Sequence[LanguageModel]) -> int:
    """Let parameters that are equal, bit by bit, be one piece of memory.

    An adapter is merged into the matrices it changes, so that its model computes exactly what
    was measured; the others stay those of its base. Nothing may be trained afterwards.

    Returns:
        Bytes that were saved.
    """
    saved = 0
    kept: dict[tuple[str, torch.Size, torch.dtype, torch.device], list[torch.Tensor]] = {}
    for model in models:
        for name, parameter in model.inner.named_parameters():
            key = (name, parameter.shape, parameter.dtype, parameter.device)
            same = next((one for one in kept.get(key, ()) if torch.equal(one, parameter)), None)
            if same is None:
                kept.setdefault(key, []).append(parameter.data)
            elif same.data_ptr() != parameter.data_ptr():
                saved += parameter.nbytes
                parameter.data = same
    return saved
