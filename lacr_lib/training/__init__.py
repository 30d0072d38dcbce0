"""Training: what to minimise, the loop, checkpoints that survive a kill."""
