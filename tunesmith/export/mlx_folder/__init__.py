"""A model's folder -> what MLX, which runs models on Apple's processors, makes of it."""
