"""The latent explorer: one HTML file, no network, where a point of a map shows its photographs."""
