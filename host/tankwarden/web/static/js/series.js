// What the charts draw: the stored history, then the points seen live since; a gap stays a gap.

const MAX_LIVE = 3600;
const GAP_STEPS = 3; // more than this many missing steps between two points is a gap

export class Series {
  #stored = { t: [], columns: new Map(), stepMs: 0 };
  #live = []; // {t, values: Map}

  // json: {bucket_ms, t_ms, series: {kind: {id: [value|null]}}}
  setHistory(json) {
    const columns = new Map();
    for (const [kind, lines] of Object.entries(json.series)) {
      for (const [id, values] of Object.entries(lines)) columns.set(`${kind}:${id}`, values);
    }
    this.#stored = { t: json.t_ms, columns, stepMs: json.bucket_ms };
    const last = json.t_ms.at(-1) ?? 0;
    this.#live = this.#live.filter((point) => point.t > last);
  }

  addLive(t, values) {
    const last = this.#live.at(-1)?.t ?? this.#stored.t.at(-1) ?? -Infinity;
    if (t <= last) return;
    this.#live.push({ t, values });
    if (this.#live.length > MAX_LIVE) this.#live.shift();
  }

  // Columns for uPlot: seconds first, then one per key.
  columns(keys, liveStepMs) {
    const stepMs = Math.max(this.#stored.stepMs, liveStepMs);
    const t = [...this.#stored.t];
    const lines = keys.map((key) => [...(this.#stored.columns.get(key) ?? new Array(t.length).fill(null))]);
    let previous = t.at(-1);
    for (const point of this.#live) {
      if (previous !== undefined && point.t - previous > GAP_STEPS * stepMs) {
        t.push(previous + stepMs);
        for (const line of lines) line.push(null);
      }
      t.push(point.t);
      lines.forEach((line, index) => line.push(point.values.get(keys[index]) ?? null));
      previous = point.t;
    }
    return [t.map((ms) => ms / 1000), ...lines];
  }
}
