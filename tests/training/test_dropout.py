"""One dropout for the whole model: every family, wherever it keeps its shares."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from tests.tiny import ROW_FAMILIES, tiny_config
from tunesmith.training.dropout import set_dropout

FAMILIES = [*ROW_FAMILIES, "opt", "bloom", "falcon"]
IDS = torch.arange(48)[None]


def _config(family: str) -> AutoConfig:
    if family == "falcon":
        shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
        return AutoConfig.for_model(family, vocab_size=260, **shape)
    return tiny_config(family)


def _network(family: str, share: float, **changes: object) -> torch.nn.Module:
    """A network in train mode, every dropout of its config at `share`."""
    config = _config(family)
    names = [name for name, value in config.to_dict().items() if _is_dropout(name, value)]
    assert names
    for name in names:
        setattr(config, name, share)
    for name, value in changes.items():
        setattr(config, name, value)
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(config).train()


def _is_dropout(name: str, value: object) -> bool:
    return "drop" in name and isinstance(value, float)


def _logits(network: torch.nn.Module, seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    with torch.no_grad():
        return network(input_ids=IDS, use_cache=False).logits


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_off_is_off_in_every_family(family: str) -> None:
    network = _network(family, 0.5)
    assert not torch.equal(_logits(network, 1), _logits(network, 2)), "it was on"
    set_dropout(network, 0.0)
    assert torch.equal(_logits(network, 1), _logits(network, 2))
    assert torch.equal(_logits(network, 1), _logits(network.eval(), 3))


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_set_later_equals_a_model_built_with_it(family: str) -> None:
    network = _network(family, 0.5)
    set_dropout(network, 0.1)
    assert torch.equal(_logits(network, 1), _logits(_network(family, 0.1), 1))
    assert not torch.equal(_logits(network, 1), _logits(network, 2))


def test_a_dropout_that_the_model_was_built_without_can_be_switched_on() -> None:
    network = _network("starcoder2", 0.0)
    set_dropout(network, 0.1)
    assert torch.equal(_logits(network, 1), _logits(_network("starcoder2", 0.1), 1))


def test_the_config_says_the_same_and_nothing_else_changes() -> None:
    network = _network("gpt2", 0.5)
    before = network.config.to_dict()
    set_dropout(network, 0.25)
    after = network.config.to_dict()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"resid_pdrop", "embd_pdrop", "attn_pdrop", "summary_first_dropout"}
    assert {after[name] for name in changed} == {0.25}


def test_whole_numbers_count_as_shares_and_switches_do_not() -> None:
    network = _network("llama", 0.0, attention_dropout=0)
    network.model.layers[0].has_drop = True
    network.model.layers[0].num_dropped = 7
    set_dropout(network, 0.1)
    assert network.model.layers[1].self_attn.attention_dropout == 0.1
    assert network.model.layers[0].has_drop is True
    assert network.model.layers[0].num_dropped == 7
