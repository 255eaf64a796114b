"""Token batches and a model come in; trained weights, checkpoints and a log go out."""
