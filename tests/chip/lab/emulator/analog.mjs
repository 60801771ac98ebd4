// The chip's own converter with its round robin, the pacing timers of the DMA, and the MCP3208 on the SPI bus.
const MAX_COUNTS = 4095;
const CONVERSION_NS = 2000;
const PACING_TIMERS = [0x3b, 0x3c, 0x3d, 0x3e];

/** chip.analog[n]: counts of the converter's input n, as a number or as a function of simulated ns. */
export function mendConverter(chip, mcu) {
  const { adc } = mcu;
  Object.defineProperty(adc, 'activeChannel', {
    get: () => (adc.cs >> 12) & 7,
    set: () => {
      // Set by the round robin only. The stock search loses its way after input 4.
      const round = (adc.cs >> 16) & 0x1f;
      let input = (adc.cs >> 12) & 7;
      do input = (input + 1) % 5;
      while (!(round & (1 << input)));
      adc.cs = (adc.cs & ~(7 << 12)) | (input << 12);
    },
  });
  adc.onADCRead = (input) => {
    adc.currentChannel = input;
    adc.channelValues[input] = counts(chip.analog[input], chip.ns);
    if (!chip.converterStopped) adc.sampleAlarm.schedule(CONVERSION_NS);
  };
}

function counts(source, ns) {
  const value = typeof source === 'function' ? source(ns) : source;
  return Math.max(0, Math.min(MAX_COUNTS, Math.round(value)));
}

export function mendPacing(mcu) {
  const { dma } = mcu;
  const stock = dma.getTimer.bind(dma);
  dma.getTimer = (request) => {
    const index = PACING_TIMERS.indexOf(request);
    if (index < 0) return stock(request);
    const timer = [dma.timer0, dma.timer1, dma.timer2, dma.timer3][index] >>> 0;
    const x = timer >>> 16;
    const y = timer & 0xffff;
    return x && y ? ((y / x) * 1e6) / mcu.clkSys : 0;
  };
}

/** chip.mcp3208[n]: counts of its input n. A transfer is three bytes, so placed that the result ends with the third. */
export function addMcp3208(chip, mcu, { bus, selectPin }) {
  const spi = mcu.spi[bus];
  let n = 0;
  let start = 0;
  let result = 0;
  mcu.gpio[selectPin].addListener(() => (n = 0));
  const answer = (byte) => {
    n += 1;
    if (n === 1) start = byte & 7; // start bit, single ended, the channel's first bit
    if (n === 2) {
      result = counts(chip.mcp3208[((start & 1) << 2) | (byte >> 6)], chip.ns);
      return result >> 8;
    }
    return n === 3 ? result & 0xff : 0xff;
  };
  spi.onTransmit = (byte) => {
    const received = answer(byte);
    chip.after((8 * 1e6) / spi.clockFrequency, () => spi.completeTransmit(received));
  };
}
