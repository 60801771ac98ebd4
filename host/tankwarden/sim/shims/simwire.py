"""The wire between the simulated board and the simulated world: page of inputs, records of outputs, wiring.

The sim process (plant, CPython) writes the PAGE, a small file that it maps; the board process (the files of mcu/
under MicroPython or CPython) reads it. The board writes RECORDS of what the chip would do to its pins into a pipe.
Both sides import this file; it imports nothing, allocates nothing and runs under both interpreters.
"""

# -- the page: little-endian int32 words, all written by the sim process but SCRATCH ------------------------------

N_WORDS = 32
PAGE_BYTES = 4 * N_WORDS
MAGIC = 0x2B0A0004  # what the MAGIC word holds: the last digits are the layout's version

W_MAGIC = 0
W_RESET_CAUSE = 1  # one of CAUSE_*
W_COUNTS = 2  # 8 words, 12 bit, in the order of tanklink.messages.CHANNELS
W_LEVELS = 10  # bit n: what the world drives on input GPn; a fed line (FED_GPIOS): its loop is whole
W_TRUTH = 11  # RelayBank.truth() of the sim process: bits 0-3 latched relays, above them the re-arms it has seen
W_ID_LOW = 12  # unique id of the chip
W_ID_HIGH = 13
W_FAULTS = 14  # FAULT_* bits: things that go wrong on the board itself
W_STUCK = 15  # bit n: GPn, a fed line or a relay pin, is short to a supply, so it stays high whatever drives it low
W_SCRATCH = 16  # 8 words, the chip's watchdog scratch registers: written by the board, kept over every reset but power
W_ADC_REFERENCE = 24  # what the chip's own converter reads at ADC_REFERENCE_GPIO; ADC_REFERENCE_COUNTS if all is well
W_ADC_DIE = 25  # and on its temperature sensor
W_PULLS = 26  # Comparator.truth() of the sim process: what pulls the fault lines, above it the releases it has seen
W_WITHHELD = 27  # ms of CLOCK_MONOTONIC that the machine withheld so far: the chip's clock lags by so much
W_TICK = 28  # CLOCK_MONOTONIC of the world's last tick in µs & TICK_MASK
W_DROPS = 29  # 2 words: how often the drop sensors have seen something fall; a count, which wraps nowhere near
W_ZERO = 31  # always 0
N_COUNTS = 8
N_SCRATCH = 8
ADC_REFERENCE_COUNTS, ADC_DIE_COUNTS = 2048, 876  # half of the converter's supply; 27 °C

TICK_MASK = (1 << 30) - 1
GRACE_US = 8_000  # the chip's clock runs at most so far ahead of the last tick

CAUSE_POWER_ON, CAUSE_WATCHDOG, CAUSE_SOFT = 0, 1, 2
FAULT_EXCEPTION = 1  # the next read of the SPI bus raises, once for each time the bit goes from 0 to 1
FAULT_ADC_SLIP = 2  # the converter's round robin is one channel off
FAULT_ADC_STOP = 4  # the converter samples no more
FAULT_ADC_OVER = 8  # its FIFO overflows all the time: FCS.OVER comes back however often it is cleared
FAULT_BUS_STALL = 16  # the next transfer on the SPI bus lasts BUS_STALL_US, once as FAULT_EXCEPTION
FAULT_BIT_FLIP = 32  # a bit of the configuration in memory falls over, likewise
FAULT_MEMORY = 64  # a bit of the memory sticks
FAULT_PROGRAM = 128  # the program's files read otherwise than they were written
FAULT_FLASH = 256  # the flash takes neither programs nor erases
FAULT_ADC_SLOW = 512  # the converter's clock runs at half its rate
FAULT_COMPARATOR = 1024  # PIO1's machine takes no samples
BUS_STALL_US = 60_000  # more than half of a permit, and less than a whole one

# -- records: RECORD_FORMAT = time_us, kind, a, b, 0; time_us is of the chip's clock ----------------------------------

RECORD_FORMAT = "<qiiii"
RECORD_BYTES = 24

PIN = 1  # (gpio, level): a pin driven as plain output has changed, or has become one
PERMIT = 2  # (relay, word): a word was put into the state machine's FIFO
REARM = 3  # (relay, 0): FIFO cleared and jump to `arm`
WDT = 4  # (timeout_ms, 0): the watchdog was started
FEED = 5  # (0, 0): and fed
RESET = 6  # (0, 0): machine.reset(); the process ends itself directly after it
DROP = 7  # (relay, 0): jump to `trip`
FUNCTION = 8  # (gpio, FUNCTION_*): who drives the pin from now on
INPUT = 9  # (gpio, 0): the pin stopped driving
COMPARATOR = 10  # (COMPARATOR_*, counts): what was done to PIO1's machine
SAMPLES = 11  # (inputs, ns): from now on DMA brings the comparator samples of these inputs (mask) so often; 0: none
WAITS = 12  # (0, 0): nothing happens; the board asks whether there is a world at all
PWM_SLICE = 13  # (slice, divider in sixteenths << 16 | top): what a slice's two channels share
PWM_LEVEL = 14  # (slice × 2 + channel, counts | runs << 17 | inverted << 18): a channel's pulse

COMPARATOR_STOP, COMPARATOR_START, COMPARATOR_RELEASE, COMPARATOR_SAMPLE = 0, 1, 2, 3  # counts: START ceiling, SAMPLE
FUNCTION_PWM, FUNCTION_SIO, FUNCTION_PIO0, FUNCTION_PIO1, FUNCTION_NULL = 4, 5, 6, 7, 31  # the chip's own numbers

# -- wiring of the simulated board: a test compares it with mcu/board.py -------------------------------------------

RELAY_GPIOS = (2, 3, 4, 5)  # outside 1, inside 1, outside 2, inside 2
FED_GPIOS = (6, 7)  # fault line of circuit 1, 2: high while fed through a whole loop, else pulled down
FEED_GPIO = 8  # drives both loops
LIGHT_GPIOS = (10, 11, 12, 13, 14, 15, 0, 1)
SERVO_GPIOS = (21, 22)
DROP_GPIOS = (9, 20)  # of the feeders' drop sensors: pulled up, low while something falls through
ADC_GPIOS = (26, 27)  # current_1, current_2: counts 0 and 1
ADC_REFERENCE_GPIO = 28  # half of the converter's own supply
ADC_INPUT_GPIOS = (26, 27, 28, 29)  # inputs 0 to 3 of the chip's converter; 4 is its temperature sensor
ADC_DIE_INPUT = 4
SPI_ID, SPI_SCK_GPIO, SPI_MOSI_GPIO, SPI_MISO_GPIO, SPI_CS_GPIO = 0, 18, 19, 16, 17
SPI_FIRST_COUNT = 2  # the MCP3208's channel 0 is count 2, and so on
SPI_CHANNELS = 6
