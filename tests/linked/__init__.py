"""The program as it is linked for the chip: the same program still, shorter."""
