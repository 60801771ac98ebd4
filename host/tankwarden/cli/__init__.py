"""The commands of `tankwarden` that are not a part's own: each file offers `add_parsers(subparsers)`."""
