"""The shims offer nothing that the chip lacks: the firmware cannot come to depend on it."""

import chip_time
import machine
import pytest
import rp2
import simboard

# dir() of MicroPython 1.26.1, board RPI_PICO, on an emulated RP2040
ON_THE_CHIP = {
    "machine": "ADC I2C I2CTarget I2S PWM PWRON_RESET Pin RTC SPI Signal SoftI2C SoftSPI Timer UART USBDevice "
    "WDT WDT_RESET bitstream bootloader deepsleep dht_readinto disable_irq enable_irq freq idle "
    "lightsleep mem16 mem32 mem8 reset reset_cause soft_reset time_pulse_us unique_id",
    "Pin": "value ALT ALT_GPCK ALT_I2C ALT_PIO0 ALT_PIO1 ALT_PWM ALT_SIO ALT_SPI ALT_UART ALT_USB IN "
    "IRQ_FALLING IRQ_RISING OPEN_DRAIN OUT PULL_DOWN PULL_UP board cpu high init irq low off on "
    "toggle",
    "ADC": "CORE_TEMP read_u16",
    "PWM": "deinit duty_ns duty_u16 freq init",
    "Timer": "ONE_SHOT PERIODIC deinit init",
    "DMA": "active channel close config count ctrl irq pack_ctrl read registers unpack_ctrl write",
    "SPI": "read readinto write LSB MSB deinit init write_readinto",
    "WDT": "feed",
    "rp2": "const DMA Flash PIO StateMachine asm_pio_encode bootsel_button PIOASMEmit PIOASMError asm_pio",
    "Flash": "ioctl readblocks writeblocks",
    "PIO": "IN_HIGH IN_LOW IRQ_SM0 IRQ_SM1 IRQ_SM2 IRQ_SM3 JOIN_NONE JOIN_RX JOIN_TX OUT_HIGH OUT_LOW "
    "SHIFT_LEFT SHIFT_RIGHT add_program irq remove_program state_machine",
    "StateMachine": "exec get active init irq put restart rx_fifo tx_fifo",
    "time": "gmtime localtime mktime sleep sleep_ms sleep_us ticks_add ticks_cpu ticks_diff ticks_ms "
    "ticks_us time time_ns",
}
OURS = {  # what a shim's module needs itself: imports, and helpers of other shims
    "machine": {"chip_pwm", "chip_timer", "mcp3208", "registers", "simboard", "simwire", "gpio_of"},
    "Timer": {"callback", "due_us", "hard", "late_us", "lose", "once", "period_us", "skip_to"},
    "rp2": {"dma", "flash", "pio_asm", "simboard", "gpio_of"},
    "time": {"sys", "simboard", "install"},
}
SHIMS: dict[str, object] = {
    "machine": machine, "Pin": machine.Pin, "ADC": machine.ADC, "SPI": machine.SPI, "WDT": machine.WDT,
    "PWM": machine.PWM,
    "Timer": machine.Timer, "DMA": rp2.DMA,
    "rp2": rp2, "PIO": rp2.PIO, "Flash": rp2.Flash, "StateMachine": rp2.StateMachine, "time": chip_time,
}  # fmt: skip


@pytest.mark.parametrize("name", SHIMS)
def test_no_name_that_the_chip_lacks(name: str) -> None:
    public = {found for found in dir(SHIMS[name]) if not found.startswith("_")}
    extra = public - set(ON_THE_CHIP[name].split()) - OURS.get(name, set())
    assert not extra
    assert public & set(ON_THE_CHIP[name].split())  # the comparison compares something


def test_constants_have_the_chips_values() -> None:
    assert (machine.PWRON_RESET, machine.WDT_RESET) == (1, 3)
    assert (machine.Pin.IN, machine.Pin.OUT, machine.Pin.PULL_UP, machine.Pin.PULL_DOWN) == (0, 1, 1, 2)
    assert (machine.Timer.ONE_SHOT, machine.Timer.PERIODIC, machine.ADC.CORE_TEMP) == (0, 1, 4)
    assert (rp2.PIO.OUT_LOW, rp2.PIO.SHIFT_RIGHT, rp2.PIO.JOIN_RX) == (2, 1, 2)


def test_outside_a_simulation_the_chips_modules_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simboard, "_board", None)
    with pytest.raises(RuntimeError, match=r"call simboard\.use\(backend\)"):
        machine.Pin(2, machine.Pin.OUT)
