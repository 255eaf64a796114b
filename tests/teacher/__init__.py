"""The teacher: prompts, replies, rules, and whole lessons with a model that is played."""
