// Draws one frame of the desk, and goes on telling how old each number is until the next.

import { Ages, ageText } from "./age.js";
import { Charts } from "./charts.js";
import { asGiven, clockTime, number, sign, signed } from "./format.js";
import { drawTable, put } from "./table.js";

const REOPEN_AFTER_MS = 5000;
const ages = new Ages();
const $ = (id) => document.getElementById(id);

let frame = null;
let chosen = localStorage.getItem("bot") || "";
let charted = ""; // bot whose history the charts hold
let stream = null;
let openedMs = 0;
let wasLost = false;
let charts = null;

const GUARD_CLASS = { RUNNING: "good", SOFT_PAUSE: "warn", HARD_STOP: "bad" };
const STATE_CLASS = { ACTIVE: "good", REDUCING: "warn", HALTED: "bad", open: "good", OPEN: "good", shut: "bad", SHUT: "bad" };
const HEALTH_CLASS = { ready: "good", starting: "warn", degraded: "warn", stopping: "warn", dead: "bad", stopped: "bad" };

// ---------------------------------------------------------------------------------------------------- ages on screen

// Everything with an age carries it as of the frame; tick() adds the time since.
function setAge(element, reading) {
  element.dataset.age = reading.age_ms === null ? "never" : reading.age_ms;
  element.dataset.limit = reading.max_age_ms;
  element.title = reading.age_ms === null ? "No source has said this yet" : `Source: ${reading.source}; stale above ${reading.max_age_ms / 1000} s`;
  showAge(element, ages.sinceFrameMs());
}

function showAge(element, sinceMs) {
  const never = element.dataset.age === "never";
  const ageMs = Number(element.dataset.age) + sinceMs;
  const stale = never || ageMs > Number(element.dataset.limit);
  put(element, never ? "no source yet" : stale ? `stale ${ageText(ageMs)}` : ageText(ageMs));
  element.classList.toggle("stale", stale);
  const owner = element.closest("[data-owner]");
  if (owner) owner.classList.toggle("stale", stale);
}

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
  drawBots(bot);
  drawServices();
  drawIncidents();
  if (!bot) return;
  drawFigures(bot);
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
  badge($("door"), desk.door);
  if (desk.door.value === null && desk.gateway_error) $("door").title = desk.gateway_error;
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

function badge(element, reading) {
  put(element, reading.value === null ? "unknown" : reading.value);
  element.className = `badge ${STATE_CLASS[reading.value] || ""}`;
  const owner = element.parentElement;
  owner.dataset.owner = "";
  setAge(owner.querySelector(".age"), reading);
}

const FIGURES = [
  ["mid", "Mid price", (bot, r) => number(r.value, bot.price_decimals)],
  ["equity", "Equity", (bot, r) => number(r.value, 2)],
  ["pnl", "PnL", (bot, r) => signed(r.value, 2), true],
  ["position", "Position", (bot, r) => asGiven(r.value, 0, 6)],
  ["open_orders", "Open orders", (bot, r) => number(r.value, 0)],
  ["guard", "Guard", (bot, r) => r.value ?? "—"],
  ["modelled_edge", "Modelled edge", (bot, r) => signed(r.value, 2)],
  ["realised_edge", "Realised edge", (bot, r) => signed(r.value, 2), true],
];

function drawFigures(bot) {
  const section = $("figures");
  if (!section.children.length) {
    for (const [name, label] of FIGURES) {
      const figure = document.createElement("div");
      figure.className = "figure";
      figure.dataset.owner = "";
      figure.id = `figure-${name}`;
      figure.innerHTML = `<div><h3></h3><small class="age"></small></div><p><b></b> <span class="unit"></span></p><small class="aside"></small>`;
      put(figure.querySelector("h3"), label);
      section.append(figure);
    }
  }
  for (const [name, , format, coloured] of FIGURES) {
    const figure = $(`figure-${name}`);
    const reading = bot.readings[name];
    const value = figure.querySelector("b");
    put(value, format(bot, reading));
    value.className = name === "guard" ? GUARD_CLASS[reading.value] || "" : coloured ? sign(reading.value) : "";
    put(figure.querySelector(".unit"), reading.unit === "count" || reading.value === null ? "" : reading.unit);
    setAge(figure.querySelector(".age"), reading);
    put(figure.querySelector(".aside"), aside(name, bot));
  }
}

function aside(name, bot) {
  const r = bot.readings;
  if (name === "pnl" && r.fees.value !== null) return `fees ${signed(-r.fees.value, 2)} · funding ${signed(-r.funding.value, 2)}`;
  if (name === "position" && r.position.value !== null && r.mid.value !== null) {
    return `${signed(Number(r.position.value) * Number(r.mid.value), 0)} ${bot.quote}`;
  }
  if (name === "equity" && r.capital.value !== null) return `capital ${number(r.capital.value, 0)}`;
  if (name === "guard") return bot.reasons.map((reason) => reason.text).join("; ");
  if (name === "realised_edge" && bot.edge.length) return `${bot.edge[0].samples} fills measured`;
  if (name === "open_orders" && frame.desk.venue_open_orders.value !== null && !frame.desk.venue_open_orders.stale) {
    return `venue: ${frame.desk.venue_open_orders.value} in all`;
  }
  return "";
}

function drawBots(shown) {
  drawTable($("bots"), frame.bots, (bot) => bot.id, (bot, cells) => {
    const row = cells[0].parentElement;
    row.dataset.owner = "";
    row.classList.toggle("chosen", shown !== null && bot.id === shown.id);
    if (!cells[0].firstElementChild) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.addEventListener("click", () => choose(bot.id));
      cells[0].append(button);
      cells[1].innerHTML = `<span class="badge"></span> <span class="muted"></span>`;
      cells[4].className = "n age";
    }
    put(cells[0].firstElementChild, bot.id);
    const guard = bot.readings.guard;
    const [badgeOf, words] = cells[1].children;
    row.classList.toggle("calm", guard.value === "RUNNING");
    put(badgeOf, guard.value ?? "unknown");
    badgeOf.className = `badge ${GUARD_CLASS[guard.value] || ""}`;
    put(words, bot.reasons.map((reason) => reason.text).join("; "));
    words.title = bot.reasons.map((reason) => `${reason.code}: ${reason.text}. Next: ${reason.next_step || "nothing"}`).join("\n");
    put(cells[2], signed(bot.readings.pnl.value, 2));
    cells[2].className = `n ${sign(bot.readings.pnl.value)}`;
    put(cells[3], number(bot.fill_counts.gateway, 0));
    setAge(cells[4], guard);
  }, "No bot has spoken yet");
}

function drawOrders(bot) {
  $("orders-card").dataset.owner = "";
  put($("orders-count"), `${bot.orders.length} of ${bot.id}`);
  setAge($("orders-age"), bot.readings.open_orders);
  drawTable($("orders"), bot.orders, (order) => order.id, (order, cells) => {
    put(cells[0], order.side);
    cells[0].className = order.side === "buy" ? "up" : "down";
    put(cells[1], order.price === null ? "market" : number(order.price, bot.price_decimals));
    put(cells[2], asGiven(order.base_qty, 0, 8));
    put(cells[3], asGiven(order.filled_base, 0, 8));
    put(cells[4], order.state.toLowerCase().replaceAll("_", " ") + (order.reduce_only ? " · reduce" : ""));
    cells[4].title = `${order.id} ${order.detail}`;
    cells[5].dataset.ago = order.age_ms;
    for (const index of [1, 2, 3, 5]) cells[index].className = "n";
  }, "No open orders");
}

function drawEdge(bot) {
  drawTable($("edge"), bot.edge, (line) => String(line.horizon_s), (line, cells) => {
    const gap = (Number(line.realised_bps) - Number(line.modelled_bps)).toFixed(2);
    put(cells[0], `${line.horizon_s} s`);
    put(cells[1], signed(line.modelled_bps, 2));
    put(cells[2], signed(line.realised_bps, 2));
    cells[2].title = `markout ${signed(line.markout_bps, 2)} bps, fee ${number(line.fee_bps, 2)} bps`;
    put(cells[3], line.standard_error_bps === null ? "—" : number(line.standard_error_bps, 2));
    put(cells[4], signed(gap, 2));
    put(cells[5], number(line.samples, 0));
    cells[6].dataset.ago = line.age_ms;
    for (const cell of cells.slice(1)) cell.className = "n";
    cells[2].classList.add(sign(line.realised_bps) || "flat");
    cells[4].classList.add(sign(gap) || "flat");
  }, "No fill is old enough to be measured yet");
  const r = bot.readings;
  const rows = [
    ["Regime", r.regime.value ?? "—", r.regime],
    ["Spread quoted", bps(r.spread), r.spread],
    ["Spread required", bps(r.required_spread), r.required_spread],
    ["Net edge", bps(r.net_edge), r.net_edge],
    ["Inventory", r.inventory.value === null ? "—" : `${signed(r.inventory.value, 1)} %`, r.inventory],
    ["Skew", bps(r.skew), r.skew],
    ["Submits / cancels", `${number(r.submits.value, 0)} / ${number(r.cancels.value, 0)}`, r.submits],
    ["Fills / refusals", `${number(r.fills.value, 0)} / ${number(r.refusals.value, 0)}`, r.fills],
  ];
  const list = $("details");
  if (list.children.length !== rows.length) {
    list.replaceChildren(...rows.map(([label]) => {
      const item = document.createElement("div");
      item.dataset.owner = "";
      item.innerHTML = "<dt></dt><dd></dd><small class='age'></small>";
      put(item.firstChild, label);
      return item;
    }));
  }
  rows.forEach(([, value, reading], index) => {
    put(list.children[index].children[1], value);
    setAge(list.children[index].children[2], reading);
  });
}

function bps(reading) {
  return reading.value === null ? "—" : `${number(reading.value, 2)} bps`;
}

function drawServices() {
  drawTable($("services"), frame.services, (service) => service.name, (service, cells) => {
    cells[0].parentElement.dataset.owner = "";
    if (!cells[1].firstElementChild) cells[1].innerHTML = "<span class='badge'></span>";
    put(cells[0], service.name);
    put(cells[1].firstElementChild, service.health);
    cells[1].firstElementChild.className = `badge ${HEALTH_CLASS[service.health] || ""}`;
    put(cells[2], service.detail);
    cells[2].title = service.detail;
    cells[2].className = "words";
    put(cells[3], service.uptime_ms ? ageText(service.uptime_ms) : "");
    cells[3].className = "n";
    if (!cells[4].classList.contains("age")) cells[4].className = "n age";
    setAge(cells[4], service.reading);
  }, "No service has spoken yet");
}

function drawIncidents() {
  const open = frame.breaks.filter((each) => each.severity !== "info");
  $("breaks").hidden = open.length === 0;
  $("breaks").className = `badge ${open.some((each) => each.severity === "critical") ? "bad" : "warn"}`;
  put($("breaks"), `${open.length} open break${open.length === 1 ? "" : "s"}`);
  drawTable($("incidents"), frame.incidents, (incident) => incident.event_id, (incident, cells) => {
    cells[0].dataset.ago = incident.age_ms;
    cells[0].className = "n";
    if (!cells[1].firstElementChild) cells[1].innerHTML = "<span class='tag'></span>";
    put(cells[1].firstElementChild, incident.kind);
    cells[1].firstElementChild.className = `tag ${{ critical: "bad", warning: "warn" }[incident.severity] || ""}`;
    put(cells[2], incident.scope);
    const times = incident.times > 1 ? ` ×${incident.times}` : "";
    put(cells[3], `${incident.code}${times}: ${incident.text || incident.meaning}`);
    cells[3].title = `${incident.meaning}\nNext: ${incident.next_step || "nothing"}`;
    cells[3].className = "words";
  }, "Nothing to report");
}

function drawFills(bot) {
  const { gateway, bot: own } = bot.fill_counts;
  put($("fills-count"), `gateway ${number(gateway, 0)} · bot ${number(own, 0)}`);
  drawTable($("fills"), bot.fills, (fill) => fill.trade_id, (fill, cells) => {
    put(cells[0], clockTime(fill.ts_ms));
    put(cells[1], fill.side);
    cells[1].className = fill.side === "buy" ? "up" : "down";
    put(cells[2], number(fill.price, bot.price_decimals));
    put(cells[3], asGiven(fill.base_qty, 0, 8));
    put(cells[4], number(fill.fee_quote, 4));
    put(cells[5], signed(fill.realized_pnl_quote, 4));
    put(cells[6], fill.liquidity);
    for (const index of [2, 3, 4, 5]) cells[index].className = "n";
  }, "No fills yet");
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
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input")) return;
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
