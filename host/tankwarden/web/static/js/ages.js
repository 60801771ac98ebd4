// Ages go on counting between renewals and without a connection: a value never looks fresher than it is.

const SEQUENCE_S = 1; // at the most, between the first and the second relay

// As present.age in Python.
export function age(seconds) {
  const s = Math.max(seconds, 0);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

// elapsed: seconds since the page's values were true.
export function countOn(elapsed) {
  for (const element of document.querySelectorAll("[data-age]")) {
    setText(element, age(Number(element.dataset.age) + elapsed));
  }
  for (const element of document.querySelectorAll("[data-left]")) {
    const left = Math.max(Number(element.dataset.left) - elapsed, 0);
    if (element.localName === "progress") element.value = left * 1000;
    else setText(element, left.toFixed(1));
  }
}

// What a circuit said of itself holds until its lease must be over: after that nothing is known without news.
// Whether that is so of every one. A renewal of the page puts everything back.
export function forgetStale(elapsed) {
  const circuits = [...document.querySelectorAll("[data-sure]")];
  const unsure = circuits.filter((circuit) => elapsed > Number(circuit.dataset.sure) + SEQUENCE_S);
  for (const circuit of unsure) circuit.querySelectorAll("[data-unsure], [data-unsure-class]").forEach(forget);
  return circuits.length > 0 && unsure.length === circuits.length;
}

function forget(element) {
  const { unsure, unsureClass, unsureLabel } = element.dataset;
  if (unsure !== undefined) setText(element, unsure);
  if (unsureClass !== undefined) element.setAttribute("class", unsureClass);
  if (unsureLabel !== undefined) element.setAttribute("aria-label", unsureLabel);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
