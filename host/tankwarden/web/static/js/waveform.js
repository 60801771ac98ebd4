// A trip's waveform, beside the standing trip and in an event's details: current and voltage of its circuit, milliseconds
// before and after. What is drawn stays as it is: a trip has one waveform, and live.js leaves it alone.

/* global uPlot */

import { axisLook, css, followWidth } from "./plot.js";

const RETRY_MS = 10000;
const KINDS = [
  { channel: "current", label: "Current", unit: "A", colour: "--power-1", other: "--power-2" },
  { channel: "voltage", label: "Voltage", unit: "V", colour: "--temperature-2", other: "--temperature-1" },
];
const DIGITS = { A: 2, V: 1 };
const LEAST_SPAN = { A: 2, V: 20 }; // so that noise does not fill the chart

const drawn = new Map(); // figure -> {json, chart}

export function startWaveforms() {
  document.addEventListener("tankwarden:renewed", drawNew);
  document.addEventListener("toggle", drawNew, true); // an event's details were opened
  document.addEventListener("tankwarden:appearance", drawAgain);
  drawNew();
}

function drawNew() {
  for (const [figure, { chart }] of drawn) {
    if (figure.isConnected) continue;
    chart?.destroy();
    drawn.delete(figure);
  }
  for (const figure of document.querySelectorAll("figure.waveform:not([data-drawn])")) {
    if (!figure.closest("details:not([open])")) fetchOne(figure);
  }
}

function drawAgain() {
  for (const [figure, { json }] of drawn) draw(figure, json);
}

async function fetchOne(figure) {
  figure.dataset.drawn = "";
  try {
    const response = await fetch(`/api/trips/${figure.dataset.waveform}/waveform`, { cache: "no-cache" });
    if (!response.ok) throw new Error(`error ${response.status}`);
    draw(figure, await response.json());
  } catch (error) {
    say(figure, `The waveform cannot be read just now (${error.message}).`);
    setTimeout(() => delete figure.dataset.drawn, RETRY_MS);
  }
}

function say(figure, text) {
  const state = figure.querySelector(".plot-state");
  state.textContent = text;
  state.hidden = !text;
}

function draw(figure, json) {
  drawn.get(figure)?.chart?.destroy();
  const lines = linesOf(json, figure.dataset.circuit);
  say(figure, lines.length ? "" : "No scale is configured for what this waveform shows.");
  const plot = figure.querySelector(".plot");
  plot.setAttribute("aria-label", spoken(json, lines));
  drawn.set(figure, { json, chart: lines.length ? chartOf(plot, json, lines) : null });
}

// Those of the trip's circuit; of both, if it was the whole board's.
function linesOf(json, circuit) {
  const lines = [];
  for (const number of circuit ? [circuit] : ["1", "2"]) {
    for (const kind of KINDS) {
      const name = `${kind.channel}_${number}`;
      const values = json.series[name]?.values;
      if (!values) continue;
      const colour = number === "2" && !circuit ? kind.other : kind.colour;
      lines.push({ name, values, unit: kind.unit, colour, label: circuit ? kind.label : `${kind.label} ${number}` });
    }
  }
  return lines;
}

const milliseconds = (ms) => `${ms} ms`.replace("-", "−");
const shown = (value, unit) => (value === null || value === undefined ? "—" : `${value.toFixed(DIGITS[unit])} ${unit}`);

function spoken(json, lines) {
  const parts = lines.map(({ label, values, unit }) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return `${label} from ${shown(low, unit)} to ${shown(high, unit)}, ${shown(values[json.at_tick], unit)} at the trip`;
  });
  return `Waveform from ${-json.t_ms[0]} ms before to ${json.t_ms.at(-1)} ms after the trip: ${parts.join("; ")}.`;
}

function chartOf(plot, json, lines) {
  const look = axisLook();
  const units = [...new Set(lines.map((line) => line.unit))];
  const chart = new uPlot(
    {
      width: plot.clientWidth,
      height: height(plot),
      padding: [8, units.length > 1 ? 0 : 8, 0, 0],
      cursor: { drag: { x: false, y: false, setScale: false }, points: { size: 8 } },
      hooks: { draw: [(u) => marks(u, json, lines)] },
      scales: { x: { time: false }, ...Object.fromEntries(units.map((unit) => [unit, { range: spanOf(unit) }])) },
      axes: [
        { ...look, size: 30, space: 60, values: (u, splits) => splits.map(milliseconds) },
        ...units.map((unit, index) => ({
          ...look,
          scale: unit,
          side: index ? 1 : 3,
          grid: index ? { show: false } : look.grid,
          size: 54,
          space: 36,
          values: (u, splits) => splits.map((value) => `${value} ${unit}`),
        })),
      ],
      series: [
        { label: "Time", value: (u, ms) => milliseconds(ms ?? 0) },
        ...lines.map((line) => ({
          label: line.label,
          scale: line.unit,
          stroke: css(line.colour),
          width: 2,
          dash: line.unit === "V" ? [8, 4] : undefined,
          points: { show: false },
          value: (u, value, series, at) => shown(at === null ? line.values[json.at_tick] : value, line.unit),
        })),
      ],
    },
    [json.t_ms, ...lines.map((line) => line.values)],
    plot,
  );
  const observer = followWidth(chart, plot, height);
  chart.hooks.destroy = [() => observer.disconnect()];
  return chart;
}

const height = (plot) => (plot.clientWidth < 500 ? 170 : 200);

const spanOf = (unit) => (u, min, max) =>
  min === null ? [0, 1] : uPlot.rangeNum(Math.min(min, 0), Math.max(max, LEAST_SPAN[unit]), 0.1, true);

// The instant of the trip, and the limit that was broken.
function marks(u, json, lines) {
  const { left, top, width, height: tall } = u.bbox;
  const x = u.valToPos(0, "x", true);
  stroke(u, css("--muted"), [], [x, top, x, top + tall]);
  const { limit, subject } = json.trip;
  const line = lines.find(({ name }) => name === subject);
  if (limit === null || !line) return;
  const y = u.valToPos(limit, line.unit, true);
  if (y >= top && y <= top + tall) stroke(u, css("--bad"), [4, 4], [left, y, left + width, y]);
}

function stroke(u, colour, dash, [x0, y0, x1, y1]) {
  const ratio = uPlot.pxRatio;
  u.ctx.save();
  u.ctx.strokeStyle = colour;
  u.ctx.lineWidth = 1.5 * ratio;
  u.ctx.setLineDash(dash.map((length) => length * ratio));
  u.ctx.beginPath();
  u.ctx.moveTo(x0, y0);
  u.ctx.lineTo(x1, y1);
  u.ctx.stroke();
  u.ctx.restore();
}
