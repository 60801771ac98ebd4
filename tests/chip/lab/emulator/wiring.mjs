// What is soldered to the chip, after mcu/board.py: two circuits with their relays and sensors, the fault loops, the
// converter on the SPI bus.
const FEED_PIN = 8;
const LINE_PINS = [6, 7];
const RELAYS = [[2, 3], [4, 5]]; // outside and inside of each circuit
const CLOSE_US = 12_000, OPEN_US = 8_000; // from a pin's edge to its contact
export const MCP3208 = { bus: 0, selectPin: 17 };

/** A loop of closed contacts passes the feed's level on; a broken one leaves the line to its pull-down. */
class FaultLoops {
  constructor(chip) {
    this.chip = chip;
    this.whole = [true, true];
    this.shorted = [false, false]; // to 3.3 V
  }
  onPad(pin) {
    if (pin === FEED_PIN) this.update();
  }
  update() {
    const feed = this.chip.pads[FEED_PIN] ?? 0;
    LINE_PINS.forEach((pin, i) => this.chip.drive(pin, this.shorted[i] || (this.whole[i] && feed) ? 1 : 0));
  }
}

/** Current flows while both contacts are closed, a while after their pins. */
class Circuit {
  constructor(chip, number) {
    Object.assign(this, { chip, number });
    this.contacts = [0, 0];
    this.welded = [0, 0];
    this.idle = { current: 0, voltage: 0 }; // counts
    this.loaded = { current: 0, voltage: 0 };
  }
  onPad(pin, level) {
    const relay = RELAYS[this.number].indexOf(pin);
    if (relay < 0) return;
    this.chip.after(level ? CLOSE_US : OPEN_US, () => (this.contacts[relay] = this.chip.pads[pin]));
  }
  /** The pins float, and the drivers' pull-downs let the relays go. */
  onReset() {
    for (const pin of RELAYS[this.number]) this.onPad(pin, 0);
  }
  counts(quantity) {
    const flows = this.contacts.every((closed, relay) => closed || this.welded[relay]);
    return (flows ? this.loaded : this.idle)[quantity];
  }
}

export class Board {
  constructor(chip) {
    this.loops = new FaultLoops(chip);
    this.circuits = [new Circuit(chip, 0), new Circuit(chip, 1)];
  }
  onPad(pin, level) {
    this.loops.onPad(pin);
    for (const circuit of this.circuits) circuit.onPad(pin, level);
  }
  onReset() {
    this.loops.update();
    for (const circuit of this.circuits) circuit.onReset();
  }
  /** Of the chip's own converter: GP26 and GP27 are the currents, GP28 and the internal temperature stay. */
  analog() {
    return [() => this.circuits[0].counts('current'), () => this.circuits[1].counts('current'), 0, 0, 876];
  }
  /** Of the MCP3208: 0 and 1 are the voltages, the rest stays. */
  mcp3208() {
    return [() => this.circuits[0].counts('voltage'), () => this.circuits[1].counts('voltage'), 0, 0, 0, 0, 0, 0];
  }
}
