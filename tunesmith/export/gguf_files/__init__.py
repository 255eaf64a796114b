"""A model in memory -> a GGUF file, and what llama.cpp makes of it."""
