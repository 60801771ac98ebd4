// One RP2040 with its flash, in simulated time: the stock emulator with every mend in place, a queue of stimuli, and
// resets that keep the flash. All times are simulated nanoseconds since power-on.
import { addMcp3208, mendConverter, mendPacing } from './analog.mjs';
import { hang, mendCore } from './core.mjs';
import { mendFlash } from './flash.mjs';
import { mendPads } from './pads.mjs';
import { mendPio } from './pio.mjs';
import { RP2040, SimulationClock, XIP_BASE, bootrom } from './stock.mjs';
import { UsbHost } from './usb.mjs';
import { Board, MCP3208 } from './wiring.mjs';

const WATCHDOG = 0x40058;
const SLICE_NS = 200_000;
const SLACK_NS = 0.5; // sums of fractional times must never stall the loop
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export class Chip {
  /** flash: the whole content (Uint8Array of FLASH_BYTES); watch: numbers of the pins whose edges are kept. */
  constructor(flash, watch) {
    this.flash = flash;
    this.watch = new Set(watch);
    this.epochNs = 0; // of the last reset
    this.stimuli = []; // sorted by time
    this.edges = [];
    this.received = [];
    this.resets = [];
    this.driven = new Array(30).fill(null);
    this.board = new Board(this);
    this.analog = this.board.analog(); // counts, or functions of simulated ns
    this.mcp3208 = this.board.mcp3208();
    this.converterStopped = false;
    this.flashCounts = { erases: 0, programs: 0 };
    this.stillUntilNs = -1; // the processor stands still until then, while everything else goes on
    this.start('power-on');
  }
  get ns() {
    return this.epochNs + this.clock.nanos;
  }
  start(why) {
    const before = this.mcu;
    this.clock = new SimulationClock();
    this.alarm = this.clock.createAlarm(() => this.actDue());
    this.arm();
    const mcu = (this.mcu = new RP2040(this.clock));
    mcu.logger = SILENT;
    mcu.loadBootrom(bootrom);
    mcu.flash.set(this.flash);
    this.flash = mcu.flash;
    mcu.core.PC = XIP_BASE;
    this.cycleNs = 1e9 / mcu.clkSys;
    mcu.addClockListener(() => (this.cycleNs = 1e9 / mcu.clkSys));
    this.watchWatchdog(mcu, before);
    mendFlash(this, mcu);
    mendCore(mcu);
    mendPio(this, mcu);
    mendConverter(this, mcu);
    mendPacing(mcu);
    mendPads(this, mcu);
    addMcp3208(this, mcu, MCP3208);
    this.usb = new UsbHost(this, mcu);
    this.stillUntilNs = -1;
    this.resets.push({ ns: Math.round(this.ns), why });
  }
  /** Its scratch registers and the reason outlive a reset; the stock alarm would fire again for ever at zero. */
  watchWatchdog(mcu, before) {
    const watchdog = mcu.peripherals[WATCHDOG];
    if (before) {
      watchdog.scratchData.set(before.peripherals[WATCHDOG].scratchData);
      watchdog.reason = this.reason ?? 0;
    }
    watchdog.onWatchdogTrigger = () => {
      watchdog.timer.enable = watchdog.alarm.enable = false;
      this.reason = watchdog.reason;
      this.resetPending = watchdog.reason === 1 ? 'watchdog' : 'software';
    };
  }
  reset(why) {
    const atNs = this.ns;
    this.pads.forEach((level, pin) => {
      const floating = this.driven[pin] ?? 0;
      if (level !== floating) this.logEdge(pin, floating, true);
    });
    this.epochNs = Math.round(atNs);
    this.start(why);
    this.board.onReset();
  }
  powerCycle() {
    this.mcu.peripherals[WATCHDOG].scratchData.fill(0);
    this.reason = 0;
    this.reset('power-on');
  }

  // -- pins and serial ---------------------------------------------------------------------------------------------

  logEdge(pin, level, floating) {
    if (this.watch.has(pin)) this.edges.push([Math.round(this.ns), pin, level, floating ? 1 : 0]);
  }
  onPad(pin, level) {
    this.board.onPad(pin, level);
  }
  /** Drive a pin from outside; null lets go of it. */
  drive(pin, level) {
    this.driven[pin] = level;
    this.mcu.gpio[pin].labUpdate();
  }
  onSerial(bytes) {
    this.received.push([Math.round(this.ns), Buffer.from(bytes).toString('hex')]);
  }

  // -- a processor that fails --------------------------------------------------------------------------------------

  /** From the next instruction on that serves no interrupt, the program is in an endless loop. */
  hang() {
    if (!hang(this.mcu)) this.after(1, () => this.hang());
  }
  /** The processor does nothing, interrupts neither, for so long: as during the erase of a flash sector. */
  stand(us) {
    this.stillUntilNs = this.ns + us * 1000;
  }

  // -- time --------------------------------------------------------------------------------------------------------

  /** An alarm of the clock's: its instant is exact, also in the middle of a long instruction. */
  at(ns, act) {
    let i = this.stimuli.length;
    while (i > 0 && this.stimuli[i - 1].ns > ns) i--;
    this.stimuli.splice(i, 0, { ns, act });
    if (i === 0) this.arm();
  }
  arm() {
    const [first] = this.stimuli;
    if (first) this.alarm.schedule(Math.max(0, first.ns - this.ns));
  }
  actDue() {
    while (this.stimuli.length && this.stimuli[0].ns <= this.ns + SLACK_NS) this.stimuli.shift().act();
    this.arm();
  }
  after(us, act) {
    this.at(this.ns + us * 1000, act);
  }
  /** Run to an instant, or until done() says so between two slices. */
  runTo(ns, done = () => false) {
    while (ns - this.ns > SLACK_NS) {
      this.slice(Math.min(ns, this.ns + SLICE_NS));
      if (this.resetPending) {
        const why = this.resetPending;
        this.resetPending = null;
        this.reset(why);
      }
      if (done()) return;
    }
  }
  slice(limitNs) {
    const { clock } = this;
    const { core } = this.mcu;
    const limit = limitNs - this.epochNs;
    while (clock.nanos < limit && !this.resetPending) {
      const still = this.stillUntilNs - this.epochNs;
      if (clock.nanos < still) this.pass(Math.min(limit, still));
      else if (core.waiting) this.pass(limit);
      else {
        const cycles = core.cycles;
        core.executeInstruction();
        clock.tick((core.cycles - cycles) * this.cycleNs);
      }
    }
  }
  /** Nothing executes until the next alarm, but not beyond the limit. */
  pass(limitNs) {
    const { clock } = this;
    const next = clock.nextAlarm ? Math.min(limitNs, clock.nextAlarm.nanos) : limitNs;
    clock.tick(Math.max(0, next - clock.nanos));
  }
}
