"""The program's way onto a Pico."""
