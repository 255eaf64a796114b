"""A model -> the same model with one dropout everywhere, whatever its family calls it."""

from collections.abc import Iterator

from torch.nn.modules.dropout import _DropoutNd
from transformers import PreTrainedConfig, PreTrainedModel


def set_dropout(network: PreTrainedModel, share: float) -> None:
    """Set every dropout layer, every share that a module holds as a number, and the config.

    Some families read their config at each forward, so it has to say the same.

    Args:
        network: Changed in place.
        share: Of the activations that are dropped while training, 0 to 1.
    """
    for module in network.modules():
        if isinstance(module, _DropoutNd):
            module.p = share
        _set_shares(module, share)
        config = getattr(module, "config", None)
        if isinstance(config, PreTrainedConfig):
            for part in _parts(config):
                _set_shares(part, share)


def _set_shares(owner: object, share: float) -> None:
    for name, value in list(vars(owner).items()):
        if "drop" in name.lower() and _is_share(value):
            setattr(owner, name, share)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _parts(config: PreTrainedConfig) -> Iterator[PreTrainedConfig]:
    yield config
    for value in list(vars(config).values()):
        if isinstance(value, PreTrainedConfig):
            yield from _parts(value)
