// Pads: what drives from outside, pull-ups, the read-back of driven outputs, the two cycles of the input synchroniser,
// and the log of edges.
const N_PINS = 30;
const SYNCHRONISER_CYCLES = 2;
const PULLED_UP = 3; // of the stock emulator's pin states: 0 low, 1 high, 2 input, 3 with pull-up, 4 with pull-down

export function mendPads(chip, mcu) {
  chip.pads = new Array(N_PINS).fill(null);
  for (const pin of mcu.gpio) {
    const { index } = pin;
    const arrive = chip.clock.createAlarm(() => {
      const high = !!chip.pads[index];
      if (high === pin.rawInputValue) return;
      mcu.beforeInput(index);
      pin.setInputValue(high);
    });
    const update = () => {
      const level = levelOf(chip, pin);
      if (level === chip.pads[index]) return;
      chip.pads[index] = level;
      chip.logEdge(index, level, pin.value > 1);
      chip.onPad(index, level);
      arrive.schedule(SYNCHRONISER_CYCLES * chip.cycleNs);
    };
    pin.addListener(update);
    pin.labUpdate = update;
    chip.pads[index] = levelOf(chip, pin);
    if (chip.pads[index]) pin.setInputValue(true);
    // The stock emulator takes it for an edge when the input-enable bit is written again.
    pin.refreshInput = () => {
      const high = pin.rawInputValue && pin.inputEnable;
      pin.irqStatus = (pin.irqStatus & ~3) | (high ? 2 : 1);
    };
  }
}

function levelOf(chip, pin) {
  if (pin.value <= 1) return pin.value;
  return chip.driven[pin.index] ?? (pin.value === PULLED_UP ? 1 : 0);
}
