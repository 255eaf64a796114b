"""Run twice, with what torchrun sets: gradient and validation of one step shared by two ranks."""

import json
import sys
from pathlib import Path

import torch

from tests.tiny import tiny_network
from tunesmith.models.forward import choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.tokens.store import TokenStore
from tunesmith.training.distributed import joined_ranks
from tunesmith.training.feed import Feed
from tunesmith.training.step import accumulate_gradients
from tunesmith.training.validate import validate


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    register()
    store = TokenStore(folder / "s.arrow", key="test")
    with joined_ranks(torch.device("cpu")) as ranks:
        model = choose_layout(tiny_network("llama").double())
        feed = Feed(
            store=store,
            rows_of_step=lambda _: list(range(len(store))),
            micro_batch=2,
            shared_row_limit=None,
            device=torch.device("cpu"),
            ranks=ranks,
        )
        data = feed.data_of(0)
        accumulate_gradients(model, data.batches, num_targets=data.num_targets, precision="fp32")
        parameters = list(model.network.parameters())
        ranks.sum_gradients(parameters)
        result = validate(model, feed, precision="fp32")
        if ranks.is_first:
            flat = torch.cat([p.grad.reshape(-1) for p in parameters])
            torch.save(flat, folder / "gradient.pt")
            facts = {"loss": result.loss, "num_targets": result.num_targets}
            (folder / "facts.json").write_text(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
