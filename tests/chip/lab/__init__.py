"""The lab: an emulated RP2040 in simulated time, what is soldered to it, and the host at its USB port."""
