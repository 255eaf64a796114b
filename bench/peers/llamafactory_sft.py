"""A job -> LLaMA-Factory's supervised fine-tuning of the whole model, bf16, no recomputation.

Its own loader, collator and trainer; rows come in the form in which it caches encoded data.
"""

import json
import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec

# The registry's torchvision is built for CUDA and cannot be loaded beside torch's CPU build;
# without it all goes on. An empty torchaudio satisfies an import that text never uses.
sys.modules["torchvision"] = None
sys.modules["torchaudio"] = module_from_spec(ModuleSpec("torchaudio", None))

from datasets import Dataset, DatasetDict  # noqa: E402
from llamafactory.train.sft import workflow  # noqa: E402
from llamafactory.train.tuner import run_exp  # noqa: E402
from stopwatch import Job, Stopwatch, read_job  # noqa: E402


def main() -> None:
    """Train as the job says and print the times."""
    job = read_job()
    watch = Stopwatch(job)
    watch.start()
    made = workflow.SFTDataCollatorWith4DAttentionMask
    workflow.SFTDataCollatorWith4DAttentionMask = lambda **options: watch.counting(made(**options))
    _cache_rows(job)
    run_exp(
        {
            "stage": "sft",
            "do_train": True,
            "model_name_or_path": job.model,
            "finetuning_type": "full",
            "template": "default",
            "dataset": "rows",  # must be named, though the path decides
            "tokenized_path": str(job.scratch / "rows"),
            "output_dir": str(job.scratch / "out"),
            "max_steps": job.steps,
            "per_device_train_batch_size": job.examples_per_step,
            "learning_rate": job.learning_rate,
            "lr_scheduler_type": "constant",
            "bf16": True,
            "use_cpu": True,
            "disable_gradient_checkpointing": True,
            "disable_shuffling": True,
            "remove_unused_columns": False,
            "logging_steps": 1,
            "save_strategy": "no",
            "report_to": "none",
        }
    )
    state = json.loads((job.scratch / "out" / "trainer_state.json").read_text(encoding="utf-8"))
    watch.report([line["loss"] for line in state["log_history"] if "loss" in line])


def _cache_rows(job: Job) -> None:
    rows = [{**row, "attention_mask": [1] * len(row["input_ids"])} for row in job.rows]
    DatasetDict({"train": Dataset.from_list(rows)}).save_to_disk(str(job.scratch / "rows"))


if __name__ == "__main__":
    main()
