"""An output layer that shares the input table's matrix -> one of its own, or shared again.

transformers writes one matrix for both and ties them when it loads, as the configuration says.
Where the two differ, the configuration has to say so, or one of them is lost when saved.
"""

import torch
from torch import nn
from transformers import PreTrainedModel


def is_tied(network: PreTrainedModel) -> bool:
    """Whether the output layer's matrix is the input table."""
    output = network.get_output_embeddings()
    return output is not None and output.weight is network.get_input_embeddings().weight


def give_own_matrix(output: nn.Module) -> None:
    """Let an output layer have a copy of the matrix that it shares."""
    weight = output.weight
    assert isinstance(weight, torch.Tensor)
    output.weight = nn.Parameter(weight.detach().clone(), requires_grad=weight.requires_grad)


def settle_ties(network: PreTrainedModel) -> None:
    """Of a model that was tied: tie two equal matrices again, and let two different ones stay two.

    The configuration says which it is from now on, so that saving and loading keep it.
    """
    output, table = network.get_output_embeddings(), network.get_input_embeddings().weight
    assert isinstance(table, torch.Tensor)
    has_one = torch.equal(table, output.weight)
    if has_one:
        output.weight = table
    for config in (network.config, network.config.get_text_config()):
        config.tie_word_embeddings = has_one
    network.all_tied_weights_keys = network.get_expanded_tied_weights_keys(all_submodels=False)
