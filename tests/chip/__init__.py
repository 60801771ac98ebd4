"""The real program on an emulated RP2040, with the real firmware: ./tools/test --chip UF2."""
