"""`tankwarden demo`: the simulated house and the host together, ready to be looked at and broken."""
