"""The goals: one row per figure that has one. A row comes with the benchmark that prints the figure."""

from typing import NamedTuple


class Goal(NamedTuple):
    """sense: "min" if the figure must be at least `limit`, "max" if at most."""

    sense: str
    limit: float

    def met(self, value: float) -> bool:
        return value >= self.limit if self.sense == "min" else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.sense == 'min' else '≤'} {self.limit:g}"


GOALS = {
    "link.codec_vs_pymavlink": Goal("min", 3),
    "link.codec_vs_raw": Goal("min", 0.5),
    "link.codec_frames_per_s": Goal("min", 250_000),
    "link.recovered_flip": Goal("min", 0.999),
    "link.recovered_drop": Goal("min", 0.999),
    "link.recovered_insert": Goal("min", 0.999),
    "link.wrong_accepted": Goal("max", 0),
    "link.rtt_p50_ms": Goal("max", 2),
    "link.rtt_p99_ms": Goal("max", 10),
    "firmware.fault_to_pin_cycles": Goal("max", 5),
    "firmware.permit_end_error_cycles": Goal("max", 4),
    "firmware.heap_free_kib": Goal("min", 60),
    "firmware.alloc_bytes_per_pass": Goal("max", 0),
    "firmware.kill_to_off_over_ttl_ms_max": Goal("max", 20),
    "store.insert_ticks_per_s": Goal("min", 100_000),
    "store.bytes_per_tick": Goal("max", 50),
    "store.written_mb_per_day": Goal("max", 25),
    "store.recalibrate_30d_1s_s": Goal("max", 3),
    "store.recalibrate_1y_5s_s": Goal("max", 8),
    "store.recalibrate_vs_naive": Goal("min", 500),
    "store.csv_ticks_per_s": Goal("min", 150_000),
    "store.csv_growth_mb": Goal("max", 30),
    "store.history_day_p99_ms": Goal("max", 50),
    "store.history_year_p99_ms": Goal("max", 300),
    "host.core_rss_mib": Goal("max", 45),
    "host.core_start_s": Goal("max", 1.5),
    "engine.plan_error_percent": Goal("max", 0.5),
    "engine.plan_knots_max": Goal("max", 64),
    "engine.plan_reach_h_min": Goal("min", 48),
    "chip.fault_to_pin_ns": Goal("max", 60),
    "chip.coarse_overcurrent_us": Goal("max", 50),
    "chip.fine_overcurrent_us": Goal("max", 1000),
    "chip.cpu_hang_ms": Goal("max", 101),
    "chip.kill_over_ttl_ms": Goal("max", 20),
    "chip.pass_ms_max": Goal("max", 25),
    "chip.pass_ms_median": Goal("max", 5),
    "chip.heap_free_kib": Goal("min", 60),
    "chip.boot_to_welcome_ms": Goal("max", 1000),
    "chip.pwm_error_counts": Goal("max", 1),
}
