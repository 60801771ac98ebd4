"""The commands of tankbench: each file offers `add_parsers(subparsers)`; what several of them take is in options.py."""
