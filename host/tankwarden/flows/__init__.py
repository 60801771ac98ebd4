"""One file per data path: each takes from one place, asks logic, and gives to another."""
