// Weather at the press of a button: asks the controller, and says what it answers.

const WEATHER = {
  cloud: { seconds: 180, depth_percent: 60 },
  storm: { seconds: 300, depth_percent: 80 },
  lightning: { seconds: 6, depth_percent: 100 },
};
const TIMEOUT_MS = 10000;

export function startWeather() {
  for (const button of document.querySelectorAll("[data-weather]")) {
    button.addEventListener("click", () => ask(button));
  }
}

async function ask(button) {
  const kind = button.dataset.weather;
  const said = document.getElementById("weather-said");
  button.disabled = true;
  try {
    said.textContent = await answer(kind);
  } catch {
    said.textContent = "The controller does not answer: nothing was changed that it knows of.";
  }
  button.disabled = false;
}

async function answer(kind) {
  const wish = WEATHER[kind];
  const response = await fetch("/api/weather", {
    method: wish ? "POST" : "DELETE",
    headers: { "Content-Type": "application/json" },
    body: wish ? JSON.stringify({ kind, ...wish }) : undefined,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const reply = await response.json();
  return response.ok ? sentence(reply.text) : sentence(reply.detail);
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
