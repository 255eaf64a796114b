"""A job -> LitGPT's full finetuning, in mixed or pure bf16.

Its own loop, loss, collator and optimiser; of ours are only the rows, and a constant learning
rate in place of its warm-up. It does not clip gradients, which saves it a pass over them.
"""

from pathlib import Path
from typing import Any

import torch
from litgpt.args import EvalArgs, TrainArgs
from litgpt.data.base import DataModule, get_sft_collate_fn
from litgpt.finetune import full
from litgpt.scripts.convert_hf_checkpoint import convert_hf_checkpoint
from stopwatch import Job, Stopwatch, read_job
from torch.utils.data import DataLoader

NAMES = {"pythia-70m": "pythia-70m", "smollm2-135m": "SmolLM2-135M"}


class Rows(DataModule):
    """Rows that are encoded already, in their order."""

    def __init__(self, job: Job, watch: Stopwatch) -> None:
        super().__init__()
        self._rows = [_item(row) for row in job.rows]
        self._watch = watch
        self._batch_size = job.examples_per_step
        self.prompt_style = None

    def connect(self, *_: Any, **__: Any) -> None:
        """Nothing depends on the tokenizer any more."""

    def train_dataloader(self) -> DataLoader:
        """All rows."""
        collate = self._watch.counting(get_sft_collate_fn())
        return DataLoader(self._rows, batch_size=self._batch_size, collate_fn=collate)

    def val_dataloader(self) -> DataLoader:
        """One row: it wants to see a validation batch before it begins."""
        return DataLoader(self._rows[:1], collate_fn=get_sft_collate_fn())


def main() -> None:
    """Train as the job says and print the times."""
    job = read_job()
    watch = Stopwatch(job)
    watch.start()
    losses: list[float] = []
    full.get_lr_scheduler = _constant
    for name in ("save_hyperparameters", "save_prompt_style"):  # these want its command line
        setattr(full, name, lambda *_: None)
    full.chunked_cross_entropy = _noting(full.chunked_cross_entropy, losses)
    full.setup(
        checkpoint_dir=_converted(Path(job.model)),
        out_dir=job.scratch,
        precision=job.variant,
        data=Rows(job, watch),
        train=TrainArgs(
            save_interval=None,
            global_batch_size=job.examples_per_step,
            micro_batch_size=job.examples_per_step,
            epochs=2,
            max_steps=job.steps,
            lr_warmup_steps=None,
        ),
        eval=EvalArgs(interval=10**9, max_iters=1, max_new_tokens=1),
        optimizer={
            "class_path": "torch.optim.AdamW",
            "init_args": {"lr": job.learning_rate, "weight_decay": 0.0},
        },
    )
    watch.report(losses)


def _item(row: dict[str, list[int]]) -> dict[str, Any]:
    count = len(row["input_ids"])
    counts = {"raw": count, "raw_plus_prompt_template": count}
    return {**{key: torch.tensor(row[key]) for key in row}, "token_counts": counts}


def _constant(optimizer: torch.optim.Optimizer, **_: Any) -> Any:
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)


def _noting(function: Any, losses: list[float]) -> Any:
    """The same loss function, whose results are noted when it is training."""

    def noting(logits: torch.Tensor, targets: torch.Tensor, **options: Any) -> torch.Tensor:
        loss = function(logits, targets, **options)
        if loss.requires_grad:
            losses.append(loss.item())
        return loss

    return noting


def _converted(model: Path) -> Path:
    """The model in LitGPT's format; converted once, beside the other."""
    folder = model.parent / f"{model.name}-litgpt"
    if not (folder / "lit_model.pth").is_file():
        folder.mkdir(exist_ok=True)
        for file in model.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        convert_hf_checkpoint(checkpoint_dir=folder, model_name=NAMES[model.name])
    return folder


if __name__ == "__main__":
    main()
