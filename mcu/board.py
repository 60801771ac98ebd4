"""The board: the only place that knows a pin number, a bus or a converter's channel.

Another wiring, or an RP2350, is another copy of this file. Everything is a plain integer or a tuple of them.
"""

# -- circuits ---------------------------------------------------------------------------------------------------

# Relay n is driven by state machine n of PIO 0. Order: outside 1, inside 1, outside 2, inside 2 (as STATUS.relays).
RELAY_PINS = (2, 3, 4, 5)
FAULT_PINS = (6, 7)  # input of each circuit's loop of normally closed contacts; pulled down: a cut wire reads 0
FAULT_FEED_PIN = 8  # output that feeds both loops through 1 kΩ; pulsed low before arming to find a short to 3V3
FAULT_SETTLE_US = 200  # of the loop's RC (10 µs) with room to spare

# The contact that is rated for DC makes last and breaks first. Index into a circuit's pair: 0 outside, 1 inside.
DC_RATED = 0

# -- analog -----------------------------------------------------------------------------------------------------

# The order of tanklink's CHANNELS: the two currents on the chip's own converter, the rest on an MCP3208.
ADC_PINS = (26, 27)  # current_1, current_2
SUPPLY_MV, REFERENCE_MV = 3_300, 2_500  # what the MCP3208 measures against, and what it must read of the reference
ADC_REFERENCE_PIN = 28  # half of the converter's own supply: a constant that proves where in the round its samples are
ADC_ROUND = (0, 1, 2, 4)  # the converter's inputs in turn: current_1, current_2, GP28, the chip's temperature
ADC_CLOCKS = 240  # of 48 MHz between two samples: 200,000 a second, each input every 20 µs
ADC_REFERENCE_COUNTS = (1920, 2176)  # least and most; every input of the round must stay below the comparator's ceiling
ADC_DIE_COUNTS = (650, 1100)  # the chip's temperature, 100 °C to -100 °C: room for its own spread
SPI_ID = 0
SPI_BAUD = 1_000_000
SPI_SCK_PIN, SPI_MOSI_PIN, SPI_MISO_PIN, SPI_CS_PIN = 18, 19, 16, 17
MCP3208_CHANNELS = (0, 1, 2, 3, 4, 5)  # voltage_1, voltage_2, temperature_1, temperature_2, reference, reef_temperature

# -- lights and feeders ------------------------------------------------------------------------------------------

# GPn is on PWM slice (n >> 1) & 7, and a slice has one frequency: the lights fill slices 5, 6, 7 and 0, the servos,
# which want 50 Hz, have 2 and 3 to themselves. The last two lights are UART0's pins: a board that is linked by UART has
# six. All pins but GP23 to GP25, which the Pico needs itself, are now given away.
LIGHT_PINS = (10, 11, 12, 13, 14, 15, 0, 1)
# 125 MHz without a divider, and as near to 65536 counts as MicroPython goes: 65514 of them, so a step of a level is
# never lost by more than one count. Above what an eye or a camera sees, within what a driver's dimming input takes.
LIGHT_HZ = 1908
SERVO_PINS = (21, 22)
DROP_PINS = (9, 20)  # what fell past the feeder's sensor: inputs

# -- the chip ---------------------------------------------------------------------------------------------------

WATCHDOG_MS = 2000  # flash erases and a stalled host must not reset a healthy board; permits cover a hang
# machine.reset() is itself done by the watchdog, so machine.reset_cause() reads WDT_RESET after it too. Scratch
# register 0 of the watchdog (RP2040 datasheet, 4.7.6) outlives a reset but not a power cut: a reset on purpose
# leaves one of these there first.
RESET_NOTE_ADDRESS = 0x4005800C
NOTE_NONE = 0
NOTE_SOFT = 0x2A50F7
NOTE_MAINTENANCE = 0x2A3A17
NOTE_FREE_REPL = 0x2AF4EE  # on purpose, too: and the program is not to run
NOTE_BOOT_LOOP = 0x2AB007
# Scratch registers 1 to 3 keep a trip's first facts until they are in flash: check word, value, limit.
FACTS_ADDRESSES = (0x40058010, 0x40058014, 0x40058018)
