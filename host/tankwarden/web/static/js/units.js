// The °C/°F switch. The page comes in °F, as values are stored; this rewrites what present.py marked with data-degf.

import { getPref, setPref } from "./prefs.js";

let celsius = getPref("unit", "f") === "c";

export const isCelsius = () => celsius;
export const unitName = () => (celsius ? "°C" : "°F");
export const toShown = (degf) => (celsius ? ((degf - 32) * 5) / 9 : degf);

export function setCelsius(on) {
  celsius = on;
  setPref("unit", on ? "c" : "f");
}

// With as many decimals as its text has: 120 °F stays a round number, 104.3 °F keeps its tenth.
function convert(element) {
  const decimals = (element.textContent.split(".")[1] ?? "").length;
  element.textContent = toShown(Number(element.dataset.degf)).toFixed(decimals).replace("-", "−");
}

export function applyUnit(root) {
  for (const element of root.querySelectorAll("[data-degf]")) convert(element);
  for (const element of root.querySelectorAll(".degf")) {
    element.textContent = element.textContent.replace(/°[CF]/, unitName());
  }
  for (const button of root.querySelectorAll("[data-unit-choice]")) {
    button.setAttribute("aria-pressed", String((button.dataset.unitChoice === "c") === celsius));
  }
}
