"""A job -> transformers' Trainer: padded batches, prompts masked, fp32 or bf16."""

from datasets import Dataset
from stopwatch import Stopwatch, read_job
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainingArguments,
)


def main() -> None:
    """Train as the job says and print the times."""
    job = read_job()
    watch = Stopwatch(job)
    watch.start()
    tokenizer = AutoTokenizer.from_pretrained(job.model)
    arguments = TrainingArguments(
        output_dir=str(job.scratch),
        max_steps=job.steps,
        per_device_train_batch_size=job.examples_per_step,
        learning_rate=job.learning_rate,
        lr_scheduler_type="constant",
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        train_sampling_strategy="sequential",
        bf16=job.variant == "bf16",
    )
    trainer = Trainer(
        model=AutoModelForCausalLM.from_pretrained(job.model, dtype="float32"),
        args=arguments,
        train_dataset=Dataset.from_list(job.rows),
        data_collator=watch.counting(DataCollatorForSeq2Seq(tokenizer)),
    )
    trainer.train()
    if job.save:
        trainer.save_model(job.save)
    watch.report([line["loss"] for line in trainer.state.log_history if "loss" in line])


if __name__ == "__main__":
    main()
