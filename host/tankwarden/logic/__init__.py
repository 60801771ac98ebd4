"""What is decided, as pure functions of (settings, inputs, now): no I/O, no clock, no other part of the host."""
