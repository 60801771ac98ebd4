// Wires the page: switches first, then the live values, then the charts and waveforms.

import { startCharts } from "./charts.js";
import { startLive } from "./live.js";
import { setPref } from "./prefs.js";
import { applyUnit, isCelsius, setCelsius } from "./units.js";
import { startWaveforms } from "./waveform.js";
import { startWeather } from "./weather.js";

const root = document.documentElement;
const changed = () => document.dispatchEvent(new Event("tankwarden:appearance"));

function startUnitSwitch() {
  if (isCelsius()) applyUnit(document);
  for (const button of document.querySelectorAll("[data-unit-choice]")) {
    button.addEventListener("click", () => {
      setCelsius(button.dataset.unitChoice === "c");
      applyUnit(document);
      changed();
    });
  }
}

const THEMES = { "": "as the device", light: "light", dark: "dark" };

function startThemeSwitch() {
  const button = document.getElementById("theme-switch");
  const name = () => button.setAttribute("aria-label", `Colours: ${THEMES[root.dataset.theme ?? ""]}`);
  button.addEventListener("click", () => {
    const order = Object.keys(THEMES);
    const next = order[(order.indexOf(root.dataset.theme ?? "") + 1) % order.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    setPref("theme", next || null);
    name();
    changed();
  });
  name();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

startUnitSwitch();
startThemeSwitch();
startLive();
startCharts();
startWaveforms();
startWeather();
