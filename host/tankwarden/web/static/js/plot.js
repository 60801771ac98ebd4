// One uPlot chart in the page's colours and the tank's zone; zoom by mouse, finger and keyboard.

/* global uPlot */

const DASHES = [undefined, [8, 4], [2, 3], [8, 3, 2, 3]];
const TOUCH_SLOP_PX = 8;

export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// plot: the element; lines: [{name, colour (a CSS variable)}]; format(value) -> text with unit;
// view() -> [from, to] in seconds; onZoom(from, to) and onReset() when a person asks for it; fromZero: the scale starts at 0.
export function makePlot({ plot, lines, zone, format, view, onZoom, onReset, fromZero }) {
  const hhmm = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  const hhmmss = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeStyle: "medium" });
  const axis = axisLook();

  const chart = new uPlot(
    {
      width: plot.clientWidth,
      height: height(plot),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      padding: [8, 8, 0, 0],
      cursor: {
        sync: { key: "tankwarden" },
        drag: { x: true, y: false, setScale: false },
        points: { size: 8 },
        bind: { dblclick: () => () => (onReset(), null) },
      },
      hooks: {
        setSelect: [
          (u) => {
            if (u.select.width < 4) return;
            onZoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
            u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          },
        ],
      },
      scales: { x: { range: () => view() }, y: { range: (u, min, max) => yRange(min, max, fromZero) } },
      axes: [
        { ...axis, size: 30, space: 60, values: (u, splits) => splits.map((s) => hhmm.format(new Date(s * 1000))) },
        { ...axis, size: 46, space: 36 },
      ],
      series: [
        { label: "Time", value: (u, s) => (s === null ? "now" : hhmmss.format(new Date(s * 1000))) },
        ...lines.map((line, index) => ({
          label: line.name,
          stroke: css(line.colour),
          // The first alone is filled: a second fill would hide what lies under it.
          fill: fromZero && index === 0 ? `${css(line.colour)}22` : undefined,
          width: 2,
          dash: DASHES[(index + Math.floor(index / DASHES.length)) % DASHES.length],
          points: { show: false },
          value: (u, value, series, at) => format(at === null ? lastOf(u.data[series]) : value),
        })),
      ],
    },
    [[], ...lines.map(() => [])],
    plot,
  );
  const observer = followWidth(chart, plot, height);
  chart.hooks.destroy = [() => observer.disconnect()];
  zoomByFinger(chart.over);
  return chart;
}

export function axisLook() {
  const grid = { stroke: css("--line"), width: 1 };
  return { stroke: css("--muted"), font: "12px system-ui, sans-serif", grid, ticks: { ...grid, size: 4 } };
}

const height = (plot) => (plot.clientWidth < 500 ? 190 : 240);
const lastOf = (column) => column?.at(-1) ?? null;

function yRange(min, max, fromZero) {
  if (min === null) return fromZero ? [0, 1000] : [60, 140];
  if (fromZero) return [0, uPlot.rangeNum(0, Math.max(max, 100), 0.1, true)[1]];
  return uPlot.rangeNum(min, Math.max(max, min + 1), 0.1, true);
}

export function followWidth(chart, plot, height) {
  const observer = new ResizeObserver(() => {
    if (plot.clientWidth && plot.clientWidth !== chart.width) {
      chart.setSize({ width: plot.clientWidth, height: height(plot) });
    }
  });
  observer.observe(plot);
  return observer;
}

// uPlot knows the mouse alone: a horizontal drag of a finger becomes one; a vertical one scrolls the page as ever.
function zoomByFinger(over) {
  let start = null;
  let dragging = false;
  // movementX, because uPlot takes a move without movement for a browser's noise.
  const mouse = (type, { clientX, clientY }, target) =>
    target.dispatchEvent(new MouseEvent(type, { clientX, clientY, movementX: 1, bubbles: true, view: window }));
  over.addEventListener("pointerdown", (event) => {
    start = event.pointerType === "mouse" ? null : event;
    dragging = false;
  });
  over.addEventListener("pointermove", (event) => {
    if (!start) return;
    if (!dragging && Math.abs(event.clientX - start.clientX) > TOUCH_SLOP_PX) {
      dragging = true;
      mouse("mouseenter", start, over);
      mouse("mousemove", start, over);
      mouse("mousedown", start, over);
    }
    if (dragging) mouse("mousemove", event, over);
  });
  const end = (event) => {
    if (dragging) mouse("mouseup", event, document);
    start = null;
    dragging = false;
  };
  over.addEventListener("pointerup", end);
  over.addEventListener("pointercancel", end);
}
