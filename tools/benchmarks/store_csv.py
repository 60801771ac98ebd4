"""CSV in a process of its own, so that its memory is its own: prints csv_ticks_per_s and csv_growth_mb."""

import sys
from pathlib import Path

from store_reading import measure_csv

if __name__ == "__main__":
    measure_csv(Path(sys.argv[1]))
