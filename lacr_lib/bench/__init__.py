"""What the library costs, as ratios to yardsticks measured in the same run: `lacr bench`."""
