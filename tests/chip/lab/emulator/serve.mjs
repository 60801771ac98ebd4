// The chip as a process: one JSON command a line on standard input, one JSON answer a line on standard output.
// Simulated time passes only during `run`. lab/client.py is the other end.
//
//   node serve.mjs FLASH_IMAGE PINS
import fs from 'node:fs';
import readline from 'node:readline';
import { Chip } from './chip.mjs';

const [, , image, pins] = process.argv;
const chip = new Chip(new Uint8Array(fs.readFileSync(image)), pins.split(',').map(Number));

const until = {
  time: () => false,
  received: () => chip.received.length > 0,
  edge: () => chip.edges.length > 0,
  reset: () => chip.resets.length > 0,
};

const setLoop = (property, { circuit, on }) => {
  chip.board.loops[property][circuit - 1] = on;
  chip.board.loops.update();
};

/** Now, or when its time has come. */
const due = (command, act) => (command.at_ns === undefined ? act() : chip.at(command.at_ns, act));

const commands = {
  run: ({ ns, end }) => chip.runTo(chip.ns + ns, until[end]),
  send: (command) => due(command, () => chip.usb.send(Buffer.from(command.hex, 'hex'))),
  drive: (command) => due(command, () => chip.drive(command.pin, command.level)),
  loop: (command) => due(command, () => setLoop('whole', command)),
  short_line: (command) => due(command, () => setLoop('shorted', command)),
  circuit: ({ circuit, idle, loaded }) => Object.assign(chip.board.circuits[circuit - 1], { idle, loaded }),
  weld: (command) => due(command, () => (chip.board.circuits[command.circuit - 1].welded[command.relay] = +command.welded)),
  analog: (command) => due(command, () => (chip.analog[command.input] = command.counts)),
  converter: (command) => due(command, () => (chip.converterStopped = command.stopped)),
  mcp3208: (command) => due(command, () => (chip.mcp3208[command.input] = command.counts)),
  hang: (command) => due(command, () => chip.hang()),
  stand: (command) => due(command, () => chip.stand(command.us)),
  reset: () => chip.reset('reset'),
  power: () => chip.powerCycle(),
  open: ({ open }) => chip.usb.setOpen(open),
  reads: ({ reads }) => chip.usb.setReads(reads),
  save: ({ file }) => fs.writeFileSync(file, chip.flash),
  state: () => ({
    usb: chip.usb.ready,
    levels: chip.pads.map((level) => level ?? 0),
    unsent: chip.usb.queue.length,
    ...chip.flashCounts,
  }),
};

const answer = (command) => {
  try {
    const found = commands[command.cmd](command);
    return command.cmd === 'state' ? found : {}; // all others only do something
  } catch (error) {
    return { error: String(error.stack ?? error) };
  }
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const result = answer(JSON.parse(line));
  const news = { ns: Math.round(chip.ns), edges: chip.edges, received: chip.received, resets: chip.resets };
  chip.edges = [];
  chip.received = [];
  chip.resets = [];
  process.stdout.write(JSON.stringify({ ...news, ...result }) + '\n');
}
