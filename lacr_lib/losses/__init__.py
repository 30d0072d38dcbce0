"""The three terms of the objective: reconstruction, KL divergence, light-aware contrast."""
