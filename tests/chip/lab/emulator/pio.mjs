// PIO clocked by simulated time, one instruction at its very cycle; the stock emulator steps it from a JavaScript timer.
// Also: clock dividers, FIFO join, a machine that is switched off, an instruction forced by SMx_INSTR.
//
// Two states in which the relay program spends its life are not stepped but reckoned, or a second of simulated time would
// take minutes: a jump to itself, which only a forced instruction ends, and the loop that counts a permit down, which is
// caught up with, to the cycle, as soon as anything could look at it or change it.
const EXECUTE = 0xd8, SHIFTCTRL = 0xd0, MACHINE_0 = 0xc8; // offsets of machine 0's registers
const LOOP_CYCLES = 4;
const LOOP_LEAST = 8; // rounds that are worth reckoning
const EPSILON_NS = 1e-3;

const isJumpTo = (opcode, condition, target) => (opcode & 0xe0ff) === ((condition << 5) | target);
const isPullNoblock = (opcode) => (opcode & 0xe0ff) === 0x8080;
const outBitsToX = (opcode) => ((opcode & 0xe0e0) === 0x6020 ? opcode & 0x1f || 32 : 0);
const ALWAYS = 0, X_DECREMENT = 2, PIN = 6;

class ClockedMachine {
  constructor(chip, mcu, pio, machine) {
    Object.assign(this, { clock: chip.clock, mcu, pio, machine });
    this.ticking = this.queued = false;
    this.atNs = 0; // of the newest tick
    this.countdown = null; // {x, atNs}: reckoned since then
    this.roundBegan = -1; // the machine's cycles at which a round of such a loop was begun
    this.check = machine.checkWait.bind(machine);
    this.alarm = chip.clock.createAlarm(() => this.tick());
    machine.checkWait = () => (this.ticking ? this.check() : this.wake());
    machine.clkDivRestart = () => (this.atNs = this.clock.nanos);
    const restart = machine.restart.bind(machine);
    machine.restart = () => {
      restart();
      machine.waitDelay = -1;
    };
    const write = machine.writeUint32.bind(machine);
    machine.writeUint32 = (offset, value) => {
      if (offset + MACHINE_0 === EXECUTE) return this.execute(value);
      write(offset, value);
      if (offset + MACHINE_0 === SHIFTCTRL) this.join(value);
    };
  }
  cycleNs() {
    return 1e9 / this.mcu.clkSys;
  }
  periodNs() {
    const { clockDivInt, clockDivFrac } = this.machine;
    return this.cycleNs() * ((clockDivInt || 65536) + clockDivFrac / 256);
  }
  tick() {
    const { machine } = this;
    this.queued = false;
    if (this.countdown) return this.catchUp();
    if (!machine.enabled || this.beginCountdown()) return;
    const now = this.clock.nanos;
    const { pc } = machine;
    const cycles = machine.cycles;
    this.ticking = true;
    if (machine.waiting) {
      this.check();
      if (!machine.waiting) machine.cycles++;
    } else {
      machine.updatePC = true;
      machine.executeInstruction(this.pio.instructions[machine.pc]);
      if (machine.updatePC) machine.nextPC();
    }
    this.ticking = false;
    this.pio.checkChangedPins();
    this.atNs = now;
    const parked = machine.pc === pc && isJumpTo(this.pio.instructions[pc], ALWAYS, pc);
    if (!machine.waiting && !parked) this.arm(now + Math.max(1, machine.cycles - cycles) * this.periodNs());
    // else it sleeps until a pin, a FIFO or an IRQ changes
  }
  /** Whether a count-down was begun that is reckoned from here. A round was stepped before: it set the pin. */
  beginCountdown() {
    const { machine } = this;
    const { pc, x } = machine;
    if (!this.countsDown(pc)) return false;
    const began = this.roundBegan;
    this.roundBegan = machine.cycles;
    if (machine.cycles - began !== LOOP_CYCLES) return false;
    if (machine.waiting || !machine.txFIFO.empty || x < LOOP_LEAST || !this.linePin().inputValue) return false;
    this.countdown = { x, atNs: this.clock.nanos };
    this.arm(this.clock.nanos + (x - 2) * LOOP_CYCLES * this.periodNs());
    return true;
  }
  countsDown(pc) {
    const { instructions } = this.pio;
    const live = instructions[pc] & 0x1f;
    return (
      isJumpTo(instructions[pc], X_DECREMENT, live) &&
      isPullNoblock(instructions[live]) &&
      this.machine.x < 2 ** outBitsToX(instructions[live + 1]) &&
      isJumpTo(instructions[live + 2], PIN, pc) &&
      this.machine.sidesetCount >= 1 // else these bits would be delays
    );
  }
  linePin() {
    return this.mcu.gpio[this.machine.jmpPin];
  }
  /** Make the machine what it would be now had it been stepped: whole rounds by arithmetic, the last one by steps. */
  catchUp() {
    if (!this.countdown) return;
    const { machine } = this;
    const { x, atNs } = this.countdown;
    const period = this.periodNs();
    const now = this.clock.nanos;
    const rounds = Math.min(x, Math.floor((now - atNs + EPSILON_NS) / (LOOP_CYCLES * period)));
    this.countdown = null;
    machine.x = x - rounds;
    machine.cycles += rounds * LOOP_CYCLES;
    let at = atNs + rounds * LOOP_CYCLES * period;
    this.ticking = true;
    for (; at < now - EPSILON_NS; at += period) {
      machine.updatePC = true;
      machine.executeInstruction(this.pio.instructions[machine.pc]);
      if (machine.updatePC) machine.nextPC();
    }
    this.ticking = false;
    this.arm(at);
  }
  arm(atNs) {
    this.atNs = atNs;
    if (this.queued) this.alarm.cancel();
    this.queued = true;
    this.alarm.schedule(Math.max(0, atNs - this.clock.nanos));
  }
  wake() {
    if (!this.machine.enabled || this.queued) return;
    const period = this.periodNs();
    const periods = Math.max(1, Math.ceil((this.clock.nanos - this.atNs) / period - 1e-9));
    this.arm(this.atNs + periods * period);
  }
  start() {
    if (this.queued || !this.machine.enabled) return;
    this.arm(this.clock.nanos + this.cycleNs());
  }
  /** An instruction forced from outside; it also ends a wait. */
  execute(opcode) {
    const { machine } = this;
    machine.waiting = false;
    this.ticking = true;
    machine.updatePC = true;
    machine.executeInstruction(opcode & 0xffff);
    this.ticking = false;
    machine.updatePC = true;
    this.pio.checkChangedPins();
    if (machine.enabled && !machine.waiting) this.arm(this.clock.nanos + this.periodNs());
  }
  /** Joining or parting the FIFOs empties them. */
  join(shiftctrl) {
    const { machine } = this;
    const transmit = (shiftctrl >>> 30) & 1;
    const receive = (shiftctrl >>> 31) & 1;
    const sizes = [transmit ? 8 : receive ? 0 : 4, receive ? 8 : transmit ? 0 : 4];
    if (machine.txFIFO.size === sizes[0] && machine.rxFIFO.size === sizes[1]) return;
    const Fifo = machine.txFIFO.constructor;
    machine.txFIFO = new Fifo(sizes[0]);
    machine.rxFIFO = new Fifo(sizes[1]);
    machine.updateDMARx();
    machine.updateDMATx();
  }
}

/** mcu.beforeInput(pin): to be called before an input changes. */
export function mendPio(chip, mcu) {
  const all = [];
  mcu.beforeInput = (pin) => {
    for (const machine of all) if (machine.machine.jmpPin === pin) machine.catchUp();
  };
  for (const pio of mcu.pio) {
    pio.run = pio.stop = () => {};
    const machines = pio.machines.map((machine) => new ClockedMachine(chip, mcu, pio, machine));
    all.push(...machines);
    const read = pio.readUint32.bind(pio);
    const write = pio.writeUint32.bind(pio);
    pio.readUint32 = (offset) => {
      for (const machine of machines) machine.catchUp();
      return read(offset);
    };
    pio.writeUint32 = (offset, value) => {
      for (const machine of machines) machine.catchUp();
      write(offset, value);
      pio.checkChangedPins();
      if (offset === 0) for (const machine of machines) machine.start(); // CTRL
    };
  }
}
