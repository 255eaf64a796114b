"""A job -> Axolotl's fine-tuning of the whole model, no recomputation; its bf16 rounds the weights.

Its own loader, collator and trainer, driven by its own configuration; rows are encoded
already. Without a GPU neither its packing nor its kernels can be used.
"""

import json
import os
import sys
from typing import Any

# See llamafactory_sft.py.
sys.modules["torchvision"] = None
os.environ["DO_NOT_TRACK"] = "1"  # without a network its telemetry waits for minutes

import yaml  # noqa: E402
from axolotl.cli.train import do_cli  # noqa: E402
from stopwatch import Job, Stopwatch, read_job  # noqa: E402
from transformers import Trainer, training_args  # noqa: E402


def main() -> None:
    """Train as the job says and print the times."""
    job = read_job()
    watch = Stopwatch(job)
    watch.start()
    losses: list[float] = []
    # It cannot be told to use the CPU, and bf16 is refused to those that were not told.
    training_args.is_torch_bf16_gpu_available = lambda: True
    Trainer.train = _noting(Trainer.train, losses)
    Trainer.training_step = _counting(Trainer.training_step, watch)
    sys.argv = sys.argv[:1]  # it reads them too
    do_cli(_configuration(job))
    watch.report(losses)


def _noting(train: Any, losses: list[float]) -> Any:
    """The same training, whose losses are noted."""

    def noting(trainer: Trainer, *values: Any, **options: Any) -> Any:
        result = train(trainer, *values, **options)
        losses.extend(line["loss"] for line in trainer.state.log_history if "loss" in line)
        return result

    return noting


def _counting(step: Any, watch: Stopwatch) -> Any:
    """The same step, whose batch is counted; the collator is made anew where it is used."""

    def counting(trainer: Trainer, model: Any, batch: Any, *values: Any, **options: Any) -> Any:
        watch.count(batch["labels"], num_examples=len(batch["labels"]))
        return step(trainer, model, batch, *values, **options)

    return counting


def _configuration(job: Job) -> str:
    job.scratch.mkdir(parents=True, exist_ok=True)
    rows, path = job.scratch / "rows.jsonl", job.scratch / "config.yaml"
    with rows.open("w", encoding="utf-8") as stream:
        for row in job.rows:
            record = {**row, "attention_mask": [1] * len(row["input_ids"])}
            stream.write(json.dumps(record) + "\n")
    settings = {
        "base_model": job.model,
        "datasets": [{"path": str(rows), "ds_type": "json", "type": None}],
        "dataset_prepared_path": str(job.scratch / "prepared"),
        "output_dir": str(job.scratch / "out"),
        "dataset_num_proc": 1,
        "val_set_size": 0,
        "sequence_len": 2048,
        "sample_packing": False,
        "pad_to_sequence_len": False,
        "curriculum_sampling": True,
        "shuffle_merged_datasets": False,
        "micro_batch_size": job.examples_per_step,
        "gradient_accumulation_steps": 1,
        "max_steps": job.steps,
        "optimizer": "adamw_torch_fused",
        "learning_rate": job.learning_rate,
        "lr_scheduler": "constant",
        "warmup_steps": 0,
        "weight_decay": 0.0,
        "bf16": True,
        "gradient_checkpointing": False,
        "logging_steps": 1,
        "save_strategy": "no",
    }
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return str(path)


if __name__ == "__main__":
    main()
