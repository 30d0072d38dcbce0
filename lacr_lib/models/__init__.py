"""LACR-VAE and its parts: configuration, blocks, RCAM, AMSM, the variational autoencoder."""
