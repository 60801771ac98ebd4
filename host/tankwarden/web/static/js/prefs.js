// What a person chose on this device. Where storage is forbidden, choices last as long as the page.

const kept = new Map();

export function getPref(name, otherwise) {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return kept.get(name) ?? otherwise;
  }
}

export function setPref(name, value) {
  kept.set(name, value);
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Kept for this page only.
  }
}
