// Keeps a page alive: fetches its own address every second and takes over what changed, so that the server's templates
// are the only renderer. Says honestly when the values are no longer live, and why.

import { age, countOn, forgetStale } from "./ages.js";
import { applyUnit } from "./units.js";

/* global Idiomorph */

const POLL_MS = 1000;
const TIMEOUT_MS = 5000;
const MAX_BACKOFF_MS = 15000;
const LOST_AFTER_MS = 2500; // one lost packet is no news
const STILL_AFTER_MS = 5000; // the control tick makes a snapshot at least twice a second

const WORDS = {
  live: "",
  lost: "No connection to the controller since",
  error: "The controller answers with an error since",
  still: "The controller answers, but its control loop has not moved since",
};
// Once every lease must be over. An answer with an error says that the controller is alive, so there nothing is.
const RELAYS = {
  lost: "If the controller is dead, the Pico has opened the relays by itself.",
  still: "If it stands still, the Pico has opened the relays by itself.",
};
const PULSE = { live: "live", lost: "no connection", error: "error", still: "standing still" };

let etag = null;
let failures = 0;
let failedAs = "lost";
let renewedAt = performance.now(); // when the values on the page were true
let movedAt = renewedAt; // when the control loop last gave a new snapshot: an old one, aged, renews the page as well
let answeredAt = renewedAt;
let timer = 0;
let polling = false;

export function startLive() {
  poll();
  setInterval(tick, 250);
  addEventListener("online", pollNow);
  document.addEventListener("visibilitychange", () => document.hidden || pollNow());
}

function pollNow() {
  clearTimeout(timer);
  poll();
}

async function poll() {
  if (polling) return;
  polling = true;
  try {
    await renew();
    failures = 0;
    answeredAt = performance.now();
  } catch (error) {
    failures += 1;
    failedAs = error instanceof HttpError ? "error" : "lost";
  }
  polling = false;
  tick();
  if (!document.hidden) timer = setTimeout(poll, nextDelay());
}

function nextDelay() {
  if (failures === 0) return POLL_MS;
  const backoff = Math.min(POLL_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);
  return backoff * (0.8 + 0.4 * Math.random()); // fifty pages must not all come back at one instant
}

class HttpError extends Error {}

async function renew() {
  const headers = { Accept: "text/html" };
  if (etag) headers["If-None-Match"] = etag;
  const response = await fetch(location.pathname + location.search, {
    headers,
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 304) return;
  if (!response.ok) throw new HttpError(String(response.status));
  takeOver(new DOMParser().parseFromString(await response.text(), "text/html"));
  etag = response.headers.get("ETag");
}

function takeOver(fresh) {
  const changedShape = regions(fresh) !== regions(document);
  if (changedShape || fresh.documentElement.dataset.build !== document.documentElement.dataset.build) {
    location.reload(); // Tankwarden was updated or configured anew
    return;
  }
  applyUnit(fresh);
  if (timeOf(fresh) !== timeOf(document)) movedAt = performance.now();
  for (const region of document.querySelectorAll("[data-live]")) {
    const callbacks = { beforeAttributeUpdated: mayUpdate, beforeNodeMorphed: mayMorph };
    Idiomorph.morph(region, fresh.getElementById(region.id), { callbacks });
  }
  document.title = fresh.title;
  renewedAt = performance.now();
  document.dispatchEvent(new Event("tankwarden:renewed"));
}

const timeOf = (root) => root.querySelector("#now").dataset.timeMs;

const regions = (root) => [...root.querySelectorAll("[data-live]")].map((region) => region.id).join(" ");

// What a person opened stays open.
const mayUpdate = (name, node) => !(name === "open" && node.localName === "details");

// What was drawn by script, the server knows nothing of.
const mayMorph = (node, fresh) => node.dataset?.drawn === undefined || node.id !== fresh.id;

function state() {
  const now = performance.now();
  if (failures > 0 && now - answeredAt > LOST_AFTER_MS) return failedAs;
  if (answeredAt - movedAt > STILL_AFTER_MS) return "still";
  return "live";
}

function tick() {
  const elapsed = (performance.now() - renewedAt) / 1000;
  countOn(elapsed);
  const link = state();
  if (document.documentElement.dataset.link !== link) announce(link);
  if (link === "live") return;
  const silent = link === "still" ? (performance.now() - movedAt) / 1000 : elapsed;
  document.getElementById("link-age").textContent = `(${age(silent)})`;
  const relays = document.getElementById("link-relays");
  if (forgetStale(silent) && relays.textContent === "") relays.textContent = RELAYS[link] ?? "";
}

function announce(link) {
  document.documentElement.dataset.link = link;
  document.getElementById("pulse-text").textContent = PULSE[link];
  document.getElementById("link-state").hidden = link === "live";
  document.getElementById("link-relays").textContent = "";
  const since = document.querySelector("#now time").textContent;
  document.getElementById("link-words").textContent = WORDS[link] && `${WORDS[link]} ${since}.`;
}
