"""The starter's size: it fits into eight megabytes, stored in 16 bits."""

from transformers import AutoModelForCausalLM

from pretraining.shape import starter_config


def test_the_weights_fit_into_eight_megabytes_in_16_bits() -> None:
    model = AutoModelForCausalLM.from_config(starter_config())
    assert 2 * sum(parameter.numel() for parameter in model.parameters()) < 8e6
    assert str(next(model.parameters()).dtype) == "torch.float32"
