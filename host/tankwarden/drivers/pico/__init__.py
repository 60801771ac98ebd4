"""The safety co-processor: its port, its session, and what of it the host's flows may use."""
