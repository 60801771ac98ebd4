// What executing costs: entering and leaving an interrupt, and flash that is not in the 16 KB cache (datasheet 2.6.3).
// Also the one thing of core 1 that MicroPython looks at, and a processor that hangs or stands still on request.
import { Registers } from './stock.mjs';

const ENTRY_CYCLES = 15, RETURN_CYCLES = 10;
export const MISS_CYCLES = 64; // eight bytes over quad SPI at half the system clock, with the command
const SETS = 1024;
const LOOP_ADDRESS = 0x20040000; // SRAM of core 1's stack: nobody else's without threads
const WFI_AND_BACK = [0xbf30, 0xe7fd];

class FlashCache {
  constructor() {
    this.tags = new Int32Array(2 * SETS).fill(-1);
    this.newest = new Uint8Array(SETS);
  }
  flush() {
    this.tags.fill(-1);
  }
  /** Cycles that a read of this address waits. */
  cycles(address) {
    const line = (address & 0xffffff) >>> 3;
    const set = line & (SETS - 1);
    for (const way of [0, 1]) {
      if (this.tags[2 * set + way] !== line) continue;
      this.newest[set] = way;
      return 0;
    }
    const way = this.newest[set] ^ 1;
    this.tags[2 * set + way] = line;
    this.newest[set] = way;
    return MISS_CYCLES;
  }
}

class CacheControl extends Registers {
  constructor(cache) {
    super();
    this.cache = cache;
  }
  readUint32() {
    return 3; // STAT: empty, flushed
  }
  writeUint32(offset) {
    if (offset === 4) this.cache.flush();
  }
}

export function mendCore(mcu) {
  const { core } = mcu;
  const enter = core.exceptionEntry.bind(core);
  const leave = core.exceptionReturn.bind(core);
  core.exceptionEntry = (number) => {
    core.cycles += ENTRY_CYCLES;
    enter(number);
  };
  core.exceptionReturn = (code) => {
    core.cycles += RETURN_CYCLES;
    leave(code);
  };
  const cache = new FlashCache();
  mcu.peripherals[0x14000] = new CacheControl(cache);
  for (const name of ['readUint32', 'readUint16', 'readUint8']) {
    const read = mcu[name].bind(mcu);
    mcu[name] = (address) => {
      if (address >>> 24 === 0x10) core.cycles += cache.cycles(address);
      return read(address);
    };
  }
  answerForCore1(mcu);
}

/** There is one core; all that is asked of the other is whether it came out of reset. */
function answerForCore1(mcu) {
  const { sio } = mcu;
  const read = sio.readUint32.bind(sio);
  const write = sio.writeUint32.bind(sio);
  const power = mcu.peripherals[0x40010];
  const writePower = power.writeUint32.bind(power);
  let waiting = 0;
  power.writeUint32 = (offset, value) => {
    const off = power.frceOff;
    writePower(offset, value);
    if (off & ~power.frceOff & 0x10000) waiting = 1;
  };
  sio.readUint32 = (offset) => {
    if (offset === 0x50) return 2 | waiting; // FIFO_ST
    if (offset === 0x58) return (waiting = 0); // FIFO_RD
    return read(offset);
  };
  sio.writeUint32 = (offset, value) => (offset === 0x50 || offset === 0x54 ? undefined : write(offset, value));
}

/** The program gets nowhere any more, interrupts do: an endless loop. False while an interrupt is being served. */
export function hang(mcu) {
  const { core } = mcu;
  if (core.IPSR !== 0 || core.PM) return false;
  WFI_AND_BACK.forEach((opcode, i) => mcu.writeUint16(LOOP_ADDRESS + 2 * i, opcode));
  core.PC = LOOP_ADDRESS;
  core.waiting = false;
  return true;
}
