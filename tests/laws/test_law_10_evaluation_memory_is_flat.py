"""Law 10: peak memory of evaluation does not grow with the number of rows."""

from pathlib import Path

from tests.forks import ran

PROGRAM = """
import resource, sys
from pathlib import Path
import torch
from tests.tiny import random_store, tiny_network
from tunesmith.models.rows.attention import register
from tunesmith.models.forward import choose_layout
from tunesmith.training.distributed import Ranks
from tunesmith.training.feed import Feed
from tunesmith.training.validate import row_losses, validate

torch.set_num_threads(1)
register()
model = choose_layout(tiny_network("llama"))

def measure(count):
    store = random_store(Path(sys.argv[1]) / f"{count}.arrow", [64] * count)
    feed = Feed(store=store, rows_of_step=lambda _: [], micro_batch=8, shared_row_limit=None,
                device=torch.device("cpu"), ranks=Ranks())
    validate(model, feed, precision="fp32")
    for _ in row_losses(model, feed, precision="fp32"):
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

few, many = measure(64), measure(600)
print(many - few)
"""


def test_peak_memory_of_evaluation_does_not_grow_with_rows(tmp_path: Path) -> None:
    """The logits of the 600 rows' targets would be 26 MB; 8 MB are allowed."""
    assert int(ran(["-c", PROGRAM, str(tmp_path)]).split()[-1]) < 8 * 1024
