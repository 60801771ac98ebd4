// The serial flash behind the SSI: programming only clears bits, and both programming and erasing take their time.
// The stock emulator has a flash that is read only; a journal and a file system need more.
import { FLASH_BYTES, Registers } from './stock.mjs';

const WRITE_ENABLE = 0x06, WRITE_DISABLE = 0x04, STATUS = 0x05, STATUS_2 = 0x35, READ = 0x03, PROGRAM = 0x02;
const JEDEC_ID = 0x9f, UNIQUE_ID = 0x4b;
// Typical times of a W25Q16JV (its datasheet, 9.6): opcode → bytes wiped, ms.
const ERASES = { 0x20: [4096, 45], 0x52: [32768, 120], 0xd8: [65536, 150] };
const PROGRAM_MS = 0.4;
const ADDRESSED = [READ, PROGRAM, 0x20, 0x52, 0xd8];
const IDENTITY = [0xef, 0x40, 0x15];
const SERIAL = [0xe6, 0x61, 0x4c, 0x31, 0x1b, 0x5a, 0x00, 0x01];

/** The chip at the other end of the six wires; one byte in and one out at a time. */
class SerialFlash {
  constructor(memory, nowNs, counts) {
    this.memory = memory;
    this.nowNs = nowNs;
    this.counts = counts; // {erases, programs}
    this.busyUntilNs = 0;
    this.writable = this.selected = false;
    this.n = 0; // bytes since it was selected
  }
  select() {
    if (this.selected) return;
    this.selected = true;
    this.n = 0;
    this.page = null;
  }
  deselect() {
    if (!this.selected) return;
    this.selected = false;
    if (!this.n || !this.writable) return;
    if (this.command in ERASES && this.n >= 4) this.erase(...ERASES[this.command]);
    else if (this.command === PROGRAM && this.page) this.program();
  }
  erase(size, ms) {
    const first = this.address & (FLASH_BYTES - 1) & ~(size - 1);
    this.memory.fill(0xff, first, first + size);
    this.counts.erases++;
    this.work(ms);
  }
  program() {
    const first = this.address & (FLASH_BYTES - 1) & ~0xff;
    this.page.forEach((byte, i) => (this.memory[first + (((this.address & 0xff) + i) & 0xff)] &= byte));
    this.counts.programs++;
    this.work(PROGRAM_MS);
  }
  work(ms) {
    this.writable = false;
    this.busyUntilNs = this.nowNs() + ms * 1e6;
  }
  transfer(byte) {
    const n = this.n++;
    if (n === 0) return this.begin(byte);
    switch (this.command) {
      case STATUS:
        return (this.nowNs() < this.busyUntilNs ? 1 : 0) | (this.writable ? 2 : 0);
      case STATUS_2:
        return 2; // quad enabled
      case JEDEC_ID:
        return IDENTITY[n - 1] ?? 0;
      case UNIQUE_ID:
        return n < 5 ? 0 : (SERIAL[n - 5] ?? 0);
    }
    return ADDRESSED.includes(this.command) ? this.addressed(n, byte) : 0xff;
  }
  begin(command) {
    this.command = command;
    this.address = 0;
    if (command === WRITE_ENABLE) this.writable = true;
    if (command === WRITE_DISABLE) this.writable = false;
    return 0;
  }
  addressed(n, byte) {
    if (n < 4) {
      this.address = ((this.address << 8) | byte) & 0xffffff;
      return 0;
    }
    if (this.command === PROGRAM) (this.page ??= []).push(byte);
    return this.command === READ ? this.memory[(this.address + n - 4) & (FLASH_BYTES - 1)] : 0;
  }
}

/** The synchronous serial interface (datasheet 4.10) as the boot ROM's flash routines drive it. */
class Ssi extends Registers {
  constructor(flash) {
    super();
    this.flash = flash;
    this.registers = {};
    this.received = [];
    this.select = 0; // 0 by itself, 2 held low, 3 held high: the override of the pad
  }
  override(select) {
    if (select === this.select) return;
    this.select = select;
    if (select === 2) this.flash.select();
    else this.flash.deselect();
  }
  readUint32(offset) {
    if (offset >= 0x60 && offset < 0xf0) return this.received.shift() ?? 0; // DR
    switch (offset) {
      case 0x20: // TXFLR
        return 0;
      case 0x24: // RXFLR
        return this.received.length;
      case 0x28: // SR: transmit FIFO empty and not full
        if (this.select === 0) this.flash.deselect();
        return 0x6 | (this.received.length ? 8 : 0);
      case 0x58: // IDR
        return 0x51535049;
      case 0x5c: // VERSION
        return 0x3430312a;
    }
    return this.registers[offset] ?? 0;
  }
  writeUint32(offset, value) {
    if (offset >= 0x60 && offset < 0xf0) return this.exchange(value & 0xff);
    if (offset === 0x08 && !(value & 1)) {
      // SSIENR: switched off, which empties the FIFOs
      this.received.length = 0;
      if (this.select === 0) this.flash.deselect();
    }
    this.registers[offset] = value;
  }
  exchange(byte) {
    if (this.select === 0) this.flash.select();
    this.received.push(this.select === 3 ? 0xff : this.flash.transfer(byte));
  }
}

/** The pads of the flash: only the override of its select line matters. */
class FlashPads extends Registers {
  constructor(ssi) {
    super();
    this.ssi = ssi;
    this.registers = {};
  }
  readUint32(offset) {
    if (offset < 0x30 && !(offset & 4)) return 0x000a0000; // levels: all high
    return this.registers[offset] ?? (offset < 0x30 ? 0x1f : 0);
  }
  writeUint32(offset, value) {
    this.registers[offset] = value;
    if (offset === 0x0c) this.ssi.override((value >>> 8) & 3);
  }
}

/** Put the model in place of the stock one. */
export function mendFlash(chip, mcu) {
  const ssi = new Ssi(new SerialFlash(mcu.flash, () => chip.clock.nanos, chip.flashCounts));
  mcu.peripherals[0x18000] = ssi;
  mcu.peripherals[0x40018] = new FlashPads(ssi);
}
