// Draws one frame of the desk, and goes on telling how old each number is until the next.

import { ageText, ages, setAge, showAge } from "./age.js";
import { Charts } from "./charts.js";
import { Faults } from "./faults.js";
import { clockTime, number } from "./format.js";
import { drawBots, drawEdge, drawFigures, drawFills, drawIncidents, drawOrders, drawServices } from "./panels.js";
import { put } from "./table.js";

const REOPEN_AFTER_MS = 5000;
const $ = (id) => document.getElementById(id);

let frame = null;
let chosen = localStorage.getItem("bot") || "";
let charted = ""; // bot whose history the charts hold
let stream = null;
let openedMs = 0;
let wasLost = false;
let charts = null;
const faults = new Faults();

const STATE_CLASS = { ACTIVE: "good", REDUCING: "warn", HALTED: "bad", open: "good", OPEN: "good", shut: "bad", SHUT: "bad" };

// ---------------------------------------------------------------------------------------------------- ages on screen

function tick() {
  const sinceMs = ages.sinceFrameMs();
  const lost = ages.isLost();
  document.body.classList.toggle("lost", lost && frame !== null);
  document.body.classList.toggle("connecting", frame === null);
  const badge = $("connection");
  const alarm = $("alarm");
  if (frame === null) {
    put(badge, "connecting");
    badge.className = "badge warn";
  } else if (lost) {
    put(badge, `lost ${ageText(sinceMs)}`);
    badge.className = "badge bad";
    put(alarm, `NOT LIVE. Connection to the desk lost ${ageText(sinceMs)} ago: every number below is at least that old.`);
  } else {
    put(badge, "live");
    badge.className = "badge good";
  }
  const blind = frame !== null && !lost && frame.desk.bus_blind_ms > 0;
  if (blind) put(alarm, `NOT LIVE. The page has not reached the bus for ${ageText(frame.desk.bus_blind_ms + sinceMs)}: numbers below grow stale.`);
  alarm.hidden = !((lost && frame !== null) || blind);
  if (frame === null) return;
  for (const element of document.querySelectorAll("[data-age]")) showAge(element, sinceMs);
  for (const element of document.querySelectorAll("[data-ago]")) put(element, ageText(Number(element.dataset.ago) + sinceMs));
  put($("utc"), clockTime(frame.wall_ms + sinceMs));
  const bot = shownBot();
  if (bot && charts) charts.drawQuotes(bot.orders, $("orders-age").classList.contains("stale") || lost);
  if (lost !== wasLost) {
    wasLost = lost;
    if (!lost) charted = ""; // what was missed meanwhile comes with the history
  }
}

// -------------------------------------------------------------------------------------------------------- the stream

function open() {
  if (stream) stream.close();
  openedMs = performance.now();
  stream = new EventSource("/api/stream");
  stream.addEventListener("board", (event) => {
    const next = JSON.parse(event.data);
    if (frame !== null && frame.life !== next.life) charted = "";
    frame = next;
    ages.received(frame);
    draw();
    tick();
  });
}

function watch() {
  const silentMs = Math.min(ages.sinceFrameMs(), performance.now() - openedMs);
  if (silentMs > REOPEN_AFTER_MS) open();
}

async function loadHistory(botId) {
  charted = botId;
  charts.clear();
  try {
    const answer = await fetch(`/api/history?bot=${encodeURIComponent(botId)}`);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const history = await answer.json();
    if (charted === botId) charts.load(history);
  } catch (error) {
    if (charted === botId) charted = "";
  }
}

// ---------------------------------------------------------------------------------------------------------- drawing

function shownBot() {
  if (!frame) return null;
  return frame.bots.find((bot) => bot.id === chosen) || frame.bots[0] || null;
}

function draw() {
  const bot = shownBot();
  drawHeader(bot);
  drawBots(frame.bots, bot, choose);
  drawServices(frame.services);
  drawIncidents(frame);
  faults.draw(frame.faults, bot);
  if (!bot) return;
  drawFigures(bot, frame.desk);
  drawOrders(bot);
  drawEdge(bot);
  drawFills(bot);
  drawCharts(bot);
}

function drawHeader(bot) {
  const desk = frame.desk;
  put($("mode"), desk.mode.toUpperCase());
  $("mode").classList.toggle("real", desk.mode === "live");
  badge($("desk-state"), desk.state);
  drawStopped(desk.stopped);
  if (bot) badge($("door"), bot.readings.door);
  $("door").title = (bot && bot.door_detail) || desk.gateway_error;
  $("market").hidden = !desk.market;
  put($("market"), desk.market ? `market ${desk.market}` : "");
  $("bundle").hidden = !(bot && bot.bundle);
  if (bot) put($("bundle"), bot.bundle);
  $("edge-gate").hidden = !(bot && bot.edge_gate_off);
  const picker = $("bot-picker");
  const ids = frame.bots.map((each) => each.id).join(" ");
  if (picker.dataset.ids !== ids) {
    picker.dataset.ids = ids;
    picker.replaceChildren(...frame.bots.map((each) => new Option(`${each.id} · ${each.symbol || "?"}`, each.id)));
  }
  if (bot && picker.value !== bot.id) picker.value = bot.id;
  put($("supervisor"), desk.supervised ? "" : "no supervisor heard");
  const gaps = desk.gaps ? `, ${desk.gaps} missing` : "";
  put($("stream-facts"), `${number(desk.events, 0)} events read${gaps}`);
  $("stream-facts").classList.toggle("warn-text", desk.gaps > 0);
  document.title = bot ? `${bot.readings.guard.value || "?"} · ${bot.id} · hbot desk` : "hbot desk";
}

// What keeps orders from being placed stands above everything, with the command that a person re-arms by.
function drawStopped(stopped) {
  const bar = $("stopped");
  bar.hidden = stopped.length === 0;
  bar.className = stopped.some((each) => each.state === "HALTED") ? "bad" : "warn";
  const lines = stopped.map(({ scope, state, actor, reason }) => {
    const what = state === "HALTED" ? "no order is placed" : "only reducing orders";
    return `${state} ${scope} by ${actor}: ${reason}; ${what}. A person re-arms: desk latch set --scope ${scope} --state ACTIVE --reason MANUAL --actor <you> --yes`;
  });
  put(bar, lines.join("\n"));
}

function badge(element, reading) {
  put(element, reading.value === null ? "unknown" : reading.value);
  element.className = `badge ${STATE_CLASS[reading.value] || ""}`;
  const owner = element.parentElement;
  owner.dataset.owner = "";
  setAge(owner.querySelector(".age"), reading);
}

function drawCharts(bot) {
  const r = bot.readings;
  put($("price-title"), `${bot.symbol || bot.id} price, ${bot.quote || "quote"}`);
  put($("equity-title"), `Equity, ${bot.quote || "quote"}`);
  put($("position-title"), `Position, ${bot.base || "base"}`);
  for (const [name, reading] of [["price", r.mid], ["equity", r.equity], ["position", r.position]]) {
    const card = $(`${name}-age`).closest(".card");
    card.dataset.owner = "";
    setAge($(`${name}-age`), reading);
  }
  if (!charts) return;
  charts.setSymbol({ priceDecimals: bot.price_decimals, base: bot.base, quote: bot.quote, capital: r.capital.value });
  if (charted !== bot.id) loadHistory(bot.id);
  else charts.extend(bot.tips, bot.fills);
}

// ------------------------------------------------------------------------------------------------------------ people

function choose(botId) {
  chosen = botId;
  localStorage.setItem("bot", botId);
  if (frame) draw();
  tick();
}

function applyTheme(theme) {
  document.documentElement.dataset.theme = theme;
  if (charts) charts.applyTheme();
}

function switchTheme() {
  const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark");
  localStorage.setItem("theme", dark ? "light" : "dark");
  applyTheme(dark ? "light" : "dark");
}

$("theme").addEventListener("click", switchTheme);
$("bot-picker").addEventListener("change", (event) => choose(event.target.value));
for (const button of document.querySelectorAll("[data-minutes]")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-minutes]")) other.setAttribute("aria-pressed", String(other === button));
    charts.show(Number(button.dataset.minutes));
  });
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input") || faults.isOpen) return;
  if (event.key === "t") switchTheme();
  const bot = frame && /^[1-9]$/.test(event.key) ? frame.bots[Number(event.key) - 1] : null;
  if (bot) choose(bot.id);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts && charts.applyTheme());

applyTheme(localStorage.getItem("theme") || "auto");
charts = window.deskCharts = new Charts();
charts.clear();
open();
setInterval(tick, 250);
setInterval(watch, 1000);
