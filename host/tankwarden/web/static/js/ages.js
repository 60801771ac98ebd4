// Ages go on counting between renewals and without a connection: a value never looks fresher than it is.

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
    setText(element, Math.max(Number(element.dataset.left) - elapsed, 0).toFixed(1));
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
