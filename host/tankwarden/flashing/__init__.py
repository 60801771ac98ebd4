"""`tankwarden flash`: the Pico's program compiled, brought to a second folder of the board, verified, and tried."""
