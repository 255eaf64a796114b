"""Hidden states and targets come in; losses, gradients and likeliest tokens go out, by tiles."""
