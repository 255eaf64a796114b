"""One row without padding against the padded batch: the same update, examples per second.

    python bench/rows_against_padding.py

Pythia-70M's shape with random weights, rows of 20 to 160 tokens of which the last two thirds
are trained, 8 examples a step, fp32. The two layouts take turns in one process; medians and
the ratio of medians are printed as JSON.
"""

import json
import statistics
import time

import numpy as np
import torch
from transformers import AutoModelForCausalLM, GPTNeoXConfig

from tunesmith.models.forward import LanguageModel, choose_layout
from tunesmith.models.rows.attention import register, use_attention
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.tokens.collate import Batch, collate
from tunesmith.tokens.encode import EncodedExample
from tunesmith.training.distributed import Ranks
from tunesmith.training.optimizer import make_optimizer
from tunesmith.training.step import StepRules, train_step

EXAMPLES_PER_STEP = 8
ROUNDS = 8


def main() -> None:
    """Measure and print."""
    register()
    config = GPTNeoXConfig(
        vocab_size=50304,
        hidden_size=512,
        num_hidden_layers=6,
        num_attention_heads=8,
        intermediate_size=2048,
        rotary_pct=0.25,
    )
    model = choose_layout(AutoModelForCausalLM.from_config(config))
    optimizer = make_optimizer(model.network, TrainingRecipe(learning_rate=5e-5))
    batches = [_batch(seed) for seed in range(ROUNDS + 1)]
    seconds: dict[str, list[float]] = {"rows": [], "padded": []}
    for number, batch in enumerate(batches):
        for layout, taken in seconds.items():
            _use(model, layout)
            started = time.perf_counter()
            _step(model, optimizer, batch)
            if number:  # the first round warms up
                taken.append(time.perf_counter() - started)
    rates = {
        layout: EXAMPLES_PER_STEP / statistics.median(taken) for layout, taken in seconds.items()
    }
    result = {
        "examples_per_second": {layout: round(rate, 2) for layout, rate in rates.items()},
        "ratio": round(rates["rows"] / rates["padded"], 2),
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(result))


def _batch(seed: int) -> Batch:
    generator = np.random.default_rng(seed)
    examples = []
    for length in generator.integers(20, 160, size=EXAMPLES_PER_STEP):
        is_trained = np.arange(length) >= length // 3
        ids = generator.integers(50304, size=length).astype(np.int32)
        examples.append(EncodedExample(ids=ids, is_trained=is_trained))
    return collate(examples)


def _use(model: LanguageModel, layout: str) -> None:
    if layout == "rows":
        use_attention(model.inner, "tunesmith_rows")
        model.layout = "rows"
    else:
        use_attention(model.inner, model.own_attention)
        model.layout = "padded"


def _step(model: LanguageModel, optimizer: torch.optim.Optimizer, batch: Batch) -> None:
    train_step(
        model,
        [batch],
        optimizer=optimizer,
        num_targets=batch.num_targets,
        rules=StepRules(precision="fp32", max_grad_norm=1.0, ranks=Ranks()),
    )


if __name__ == "__main__":
    main()
