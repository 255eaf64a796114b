"""A job -> what TRL's DPOTrainer makes of it: its losses, or how long it trains.

defaults  as `DPOConfig()` comes, in the precision of the job
best      reference log-probabilities computed once, no recomputation of activations

    python trl_dpo.py job.json   # prints JSON
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer


class OfTokens(DPOTrainer):
    """DPOTrainer over rows that are tokens already, the same ones that Tunesmith reads."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        return dataset


class Clock(TrainerCallback):
    """When training began and when each step ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """The first time."""
        self.times.append(time.monotonic())

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """One more."""
        self.times.append(time.monotonic())


def main() -> None:
    """Do what the job says."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    torch.set_num_threads(job["threads"])
    found = golden(job) if job["kind"] == "golden" else timed(job)
    print(json.dumps(found))


def golden(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Losses of micro-batches of each size, for each beta, and the gradient's norm of all rows."""
    cases = []
    for beta in job["betas"]:
        trainer = _trainer(job, beta=beta, use_cpu=True, bf16=False, gradient_checkpointing=False)
        for size in job["sizes"]:
            losses = []
            trainer.model.zero_grad()
            for start in range(0, len(job["rows"]), size):
                rows = job["rows"][start : start + size]
                loss = trainer.compute_loss(trainer.model, trainer.data_collator(rows))
                (loss * len(rows) / len(job["rows"])).backward()
                losses.append(float(loss.detach()))
            gradients = [p.grad for p in trainer.model.parameters() if p.grad is not None]
            norm = float(torch.nn.utils.get_total_norm(gradients))
            cases.append({"beta": beta, "size": size, "losses": losses, "grad_norm": norm})
    return cases


def timed(job: dict[str, Any]) -> dict[str, Any]:
    """Seconds from a loaded model to the last step, and of the steps alone, with their losses."""
    best = job["variant"] == "best"
    flags = {"precompute_ref_log_probs": True, "gradient_checkpointing": False} if best else {}
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    started = time.monotonic()
    trainer = _trainer(
        job, model=model, beta=job["beta"], use_cpu=True, bf16=job["precision"] == "bf16", **flags
    )
    clock = Clock()
    trainer.add_callback(clock)
    trainer.train()
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    return {
        "seconds": clock.times[-1] - started,
        "steps_seconds": clock.times[-1] - clock.times[0],
        "losses": losses,
    }


def _trainer(job: dict[str, Any], *, model: Any = None, **flags: Any) -> DPOTrainer:
    is_golden = job["kind"] == "golden"
    arguments = DPOConfig(
        output_dir=job["scratch"],
        max_length=None,
        per_device_train_batch_size=job.get("micro_batch", 1),
        gradient_accumulation_steps=job.get("accumulate", 1),
        max_steps=job.get("steps", 1),
        learning_rate=job.get("learning_rate", 1e-6),
        lr_scheduler_type="constant",
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        train_sampling_strategy="sequential",
        **flags,
    )
    loaded = AutoModelForCausalLM.from_pretrained
    return OfTokens(
        model=model if model is not None else loaded(job["model"], dtype=torch.float32),
        ref_model=loaded(job["reference"], dtype=torch.float32) if is_golden else None,
        args=arguments,
        train_dataset=Dataset.from_list(job["rows"]),
        processing_class=AutoTokenizer.from_pretrained(job["model"]),
    )


if __name__ == "__main__":
    main()
