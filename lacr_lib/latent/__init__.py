"""The latent space: region latents in a table, the pull, flat maps, ladders, the light axis."""
