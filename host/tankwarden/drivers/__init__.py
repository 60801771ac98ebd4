"""One file or folder per kind of device; registry.py lists them, interfaces.py says what the flows may ask of them."""
