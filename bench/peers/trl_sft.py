"""A job -> TRL's SFTTrainer, as it comes and with the flags that serve it best on a CPU.

defaults      padded, bf16, activations recomputed: what `SFTConfig()` says
padding-free  a step's examples in one row, bf16, no recomputation
packing       rows filled with as many examples as an average step has, likewise
"""

from typing import Any

from datasets import Dataset
from stopwatch import Stopwatch, read_job
from transformers import AutoTokenizer
from trl import SFTConfig, SFTTrainer


def main() -> None:
    """Train as the job says and print the times."""
    job = read_job()
    watch = Stopwatch(job)
    watch.start()
    tokens = sum(len(row["input_ids"]) for row in job.rows)
    arguments = SFTConfig(
        output_dir=str(job.scratch),
        max_steps=job.steps,
        learning_rate=job.learning_rate,
        lr_scheduler_type="constant",
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        train_sampling_strategy="sequential",
        model_init_kwargs={"dtype": "float32"},
        **_flags(job.variant, job.examples_per_step, tokens // job.steps),
    )
    trainer = SFTTrainer(
        model=job.model,
        args=arguments,
        train_dataset=Dataset.from_list(job.rows),
        processing_class=AutoTokenizer.from_pretrained(job.model),
    )
    trainer.data_collator = watch.counting(trainer.data_collator)
    trainer.train()
    if job.save:
        trainer.save_model(job.save)
    watch.report([line["loss"] for line in trainer.state.log_history if "loss" in line])


def _flags(variant: str, examples_per_step: int, tokens_per_step: int) -> dict[str, Any]:
    if variant == "defaults":
        return {"per_device_train_batch_size": examples_per_step, "max_length": 2048}
    best = {"bf16": True, "gradient_checkpointing": False}
    if variant == "padding-free":
        best |= {"per_device_train_batch_size": examples_per_step, "max_length": None}
        return {**best, "padding_free": True}
    return {
        **best,
        "per_device_train_batch_size": 1,
        "max_length": tokens_per_step,
        "packing": True,
    }


if __name__ == "__main__":
    main()
