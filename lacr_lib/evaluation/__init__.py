"""Is it any good? Metrics, classical baselines, intervals, and the loop that runs them."""
