"""OpenAI's files and fine-tuning jobs over our loop: a job is a run in a folder of its own."""
