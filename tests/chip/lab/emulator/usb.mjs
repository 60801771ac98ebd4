// The host's end of the USB serial port: it says nothing when it has nothing to say, takes packets at the bus's pace,
// opens and closes the port (DTR), and can stop reading.
import { USBCDC } from './stock.mjs';

const PACKET_BYTES = 64;
const PACKET_US = 10, BYTE_US = 0.67; // on a full-speed bus
const LINE_STATE_NS = 1e6;
const OPEN = 3; // DTR and RTS

export class UsbHost {
  constructor(chip, mcu) {
    this.chip = chip;
    this.mcu = mcu;
    this.ready = false;
    this.queue = []; // bytes to the chip
    this.open = chip.usb?.open ?? true;
    this.reads = chip.usb?.reads ?? true;
    this.wanted = null; // bytes that the chip has asked for
    this.held = []; // packets of the chip's that were not collected
    const usb = mcu.usbCtrl;
    this.cdc = new USBCDC(usb);
    this.watchLine();
    this.cdc.onDeviceConnected = () => (this.ready = true);
    this.cdc.onSerialData = (bytes) => bytes.length && chip.onSerial(bytes);
    usb.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.cdc.outEndpoint) return;
      this.wanted = size;
      this.pump();
    };
    this.collectPackets(usb);
    usb.writeDelayMicroseconds = usb.readDelayMicroseconds = PACKET_US;
  }
  /** DTR as the port is opened and closed: one control transfer a millisecond. */
  watchLine() {
    const tell = this.cdc.cdcSetControlLineState.bind(this.cdc);
    let told = null;
    this.lineBusy = true;
    const done = this.chip.clock.createAlarm(() => {
      this.lineBusy = false;
      if (told !== this.open) this.tellLine();
    });
    this.cdc.cdcSetControlLineState = () => {
      told = this.open;
      tell(this.open ? OPEN : 0);
      done.schedule(LINE_STATE_NS);
    };
  }
  tellLine() {
    if (!this.ready || this.lineBusy) return;
    this.lineBusy = true;
    this.cdc.cdcSetControlLineState();
  }
  /** What the chip has not taken when the port is closed is lost: a kernel lets go of a killed program's writes. */
  setOpen(open) {
    if (open === this.open) return;
    this.open = open;
    if (!open) this.queue.length = 0;
    this.tellLine();
  }
  /** A packet counts as sent, so that the chip may send the next, only when the host has collected it. */
  collectPackets(usb) {
    const stock = usb.indicateBufferReady.bind(usb);
    const alarms = new Map();
    const waiting = new Map();
    const collect = (endpoint) => {
      if (!this.reads && endpoint === this.cdc.inEndpoint) return void this.held.push(endpoint);
      const n = waiting.get(endpoint) ?? 0;
      waiting.set(endpoint, 0);
      for (let i = 0; i < n; i++) stock(endpoint, false);
    };
    this.collect = collect;
    usb.indicateBufferReady = (endpoint, out) => {
      if (out || endpoint === 0) return stock(endpoint, out);
      const bytes = this.mcu.usbDPRAMView.getUint32(0x80 + endpoint * 8, true) & 0x3ff;
      if (!alarms.has(endpoint)) alarms.set(endpoint, this.chip.clock.createAlarm(() => collect(endpoint)));
      waiting.set(endpoint, (waiting.get(endpoint) ?? 0) + 1);
      alarms.get(endpoint).schedule((PACKET_US + bytes * BYTE_US) * 1000);
    };
  }
  setReads(reads) {
    this.reads = reads;
    if (reads) for (const endpoint of this.held.splice(0)) this.collect(endpoint);
  }
  send(bytes) {
    for (const byte of bytes) this.queue.push(byte);
    this.pump();
  }
  pump() {
    if (this.wanted === null || !this.queue.length) return;
    const n = Math.min(this.wanted, PACKET_BYTES, this.queue.length);
    const packet = Uint8Array.from(this.queue.splice(0, n));
    this.wanted = null;
    this.mcu.usbCtrl.endpointReadDone(this.cdc.outEndpoint, packet, PACKET_US + n * BYTE_US);
  }
}
