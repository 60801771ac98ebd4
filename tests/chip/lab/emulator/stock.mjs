// The stock emulator and the boot ROM, from the cache that lab/fetch.py has filled: nothing of either is in the repository.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const cache = process.env.TANKWARDEN_CHIP_CACHE;
if (!cache) throw new Error('TANKWARDEN_CHIP_CACHE is not set: start the emulator by lab/client.py');
const dist = path.join(cache, 'node_modules/rp2040js/dist/esm');
const load = (file) => import(pathToFileURL(path.join(dist, file)).href);

export const { RP2040, USBCDC } = await load('index.js');
export const { SimulationClock } = await load('clock/simulation-clock.js');
export const bootrom = new Uint32Array(new Uint8Array(fs.readFileSync(path.join(cache, 'bootrom.bin'))).buffer);

/** Where flash begins in the address space. */
export const XIP_BASE = 0x10000000;
export const FLASH_BYTES = 2 * 1024 * 1024;

/** What the stock emulator expects of a peripheral: writes by the set, clear and toggle aliases are resolved here. */
export class Registers {
  constructor() {
    this.rawWriteValue = 0;
  }
  writeUint32Atomic(offset, value, alias) {
    this.rawWriteValue = value;
    const now = alias ? this.readUint32(offset) : 0;
    const changed = [value, now ^ value, now | value, now & ~value][alias];
    this.writeUint32(offset, changed >>> 0);
  }
}
