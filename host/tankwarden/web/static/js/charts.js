// The dashboard's charts: history on start and then every minute (faster where the clock runs faster), every renewal of
// the page adds a live point in between; one window and one zoom for all of them.

import { makePlot } from "./plot.js";
import { Series } from "./series.js";
import { isCelsius, toShown, unitName } from "./units.js";

const REFETCH_MS = 60000;
const MIN_REFETCH_MS = 2000;
const MIN_ZOOM_S = 60;
const COLOURS = { power_w: "--power-", temperature_degf: "--temperature-" };
const COLOUR_COUNT = 4;

const series = new Series();
let section;
let figures = [];
let hours = 24;
let zoom = null;
let nowMs = 0;
let seen = null; // {nowMs, at} of an earlier renewal, to tell how fast the tank's clock runs
let speed = 1;

export function startCharts() {
  section = document.getElementById("charts");
  if (!section) return;
  hours = Number(section.dataset.hours);
  nowMs = readNow();
  build();
  startControls();
  document.addEventListener("tankwarden:renewed", renewed);
  document.addEventListener("tankwarden:appearance", build);
  refetchForEver();
}

const readNow = () => Number(document.getElementById("now").dataset.timeMs);

function build() {
  for (const { chart } of figures) chart.destroy();
  const names = JSON.parse(section.dataset.names);
  figures = [...section.querySelectorAll("figure")].map((figure) => buildOne(figure, names[figure.dataset.series]));
  draw();
}

function buildOne(figure, names) {
  const kind = figure.dataset.series;
  const ids = Object.keys(names);
  const plot = figure.querySelector(".plot");
  const chart = makePlot({
    plot,
    lines: ids.map((id, index) => ({ name: names[id], colour: `${COLOURS[kind]}${(index % COLOUR_COUNT) + 1}` })),
    zone: section.dataset.zone,
    format: (value) => formatted(kind, value),
    view,
    onZoom: setZoom,
    onReset: () => setZoom(null),
    fromZero: kind === "power_w",
  });
  return { figure, plot, chart, kind, keys: ids.map((id) => `${kind}:${id}`) };
}

const isTemperature = (kind) => kind === "temperature_degf";

function formatted(kind, value) {
  if (value === null || value === undefined) return "—";
  return isTemperature(kind) ? `${value.toFixed(1)} ${unitName()}` : `${Math.round(value) + 0} W`;
}

const view = () => zoom ?? [nowMs / 1000 - hours * 3600, nowMs / 1000];

function draw() {
  const liveStepMs = 2000 * speed;
  for (const { figure, chart, kind, keys } of figures) {
    const [t, ...lines] = series.columns(keys, liveStepMs);
    const shown = isTemperature(kind) && isCelsius() ? lines.map(toCelsius) : lines;
    chart.setData([t, ...shown]);
    figure.dataset.points = t.length;
    figure.dataset.from = view()[0];
    figure.dataset.to = view()[1];
  }
  document.getElementById("zoom-reset").disabled = zoom === null;
}

const toCelsius = (line) => line.map((value) => (value === null ? null : toShown(value)));

function setZoom(from, to) {
  zoom = from === null ? null : [from, Math.max(to, from + MIN_ZOOM_S)];
  draw();
}

function renewed() {
  nowMs = readNow();
  const at = performance.now();
  if (seen && at - seen.at > 3000) {
    speed = Math.max((nowMs - seen.nowMs) / (at - seen.at), 1);
    seen = null;
  }
  seen ??= { nowMs, at };
  series.addLive(nowMs, livePoints());
  draw();
}

function livePoints() {
  const values = new Map();
  for (const element of document.querySelectorAll("[data-point]")) {
    values.set(element.dataset.point, Number(element.value));
  }
  return values;
}

async function refetchForEver() {
  for (;;) {
    if (!document.hidden) await refetch();
    const wait = Math.max(REFETCH_MS / speed, MIN_REFETCH_MS);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function refetch() {
  let trouble = "";
  try {
    const response = await fetch(`/api/history?hours=${hours}`, { cache: "no-cache" });
    if (!response.ok) throw new Error(`error ${response.status}`);
    series.setHistory(await response.json());
  } catch (error) {
    trouble = `The history cannot be read just now (${error.message}); live points go on.`;
  }
  draw();
  describe(trouble);
}

function describe(trouble) {
  for (const { figure, plot, chart, kind } of figures) {
    const known = chart.data.slice(1).flat().filter((value) => value !== null && value !== undefined);
    const empty = known.length === 0 ? "No history yet: the first points come within a minute." : "";
    const state = figure.querySelector(".plot-state");
    state.textContent = trouble || empty;
    state.hidden = !state.textContent;
    plot.removeAttribute("aria-busy");
    plot.setAttribute("aria-label", empty || spoken(figure.dataset.title, kind, known));
  }
}

function spoken(title, kind, known) {
  const [low, high] = known.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  return `${title} over the last ${hours} h: from ${formatted(kind, low)} to ${formatted(kind, high)}. The table below has it hour by hour.`;
}

function startControls() {
  document.getElementById("zoom-reset").addEventListener("click", () => setZoom(null));
  for (const button of section.querySelectorAll("[data-hours-choice]")) {
    button.addEventListener("click", () => chooseHours(Number(button.dataset.hoursChoice)));
  }
  for (const { plot } of figures) plot.addEventListener("keydown", onKey);
}

function chooseHours(chosen) {
  hours = chosen;
  zoom = null;
  for (const button of section.querySelectorAll("[data-hours-choice]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.hoursChoice) === hours));
  }
  draw();
  refetch();
}

const KEYS = { "+": [0.25, -0.25], "=": [0.25, -0.25], "-": [-0.5, 0.5], ArrowLeft: [-0.2, -0.2], ArrowRight: [0.2, 0.2] };

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "0" || event.key === "Escape") setZoom(null);
  else if (KEYS[event.key]) moveView(KEYS[event.key]);
  else return;
  event.preventDefault();
}

// Shares of the view by which its ends move; never beyond what there is.
function moveView([left, right]) {
  const [from, to] = view();
  const length = to - from;
  const newest = nowMs / 1000;
  const oldest = newest - hours * 3600;
  if (left === right) {
    const shift = Math.min(Math.max(left * length, oldest - from), newest - to);
    if (zoom) setZoom(from + shift, to + shift);
    return;
  }
  const next = [Math.max(from + left * length, oldest), Math.min(to + right * length, newest)];
  if (next[0] <= oldest && next[1] >= newest) setZoom(null);
  else setZoom(...next);
}
