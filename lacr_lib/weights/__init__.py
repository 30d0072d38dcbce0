"""Released weights: NAME.safetensors, its model card NAME.md, and index.json, the list of both."""
