// Figures and tables of one frame. Text goes in as text, never as markup: what others say may hold anything.

import { ageText, setAge } from "./age.js";
import { asGiven, clockTime, number, sign, signed } from "./format.js";
import { drawTable, put } from "./table.js";

const GUARD_CLASS = { RUNNING: "good", SOFT_PAUSE: "warn", HARD_STOP: "bad" };
const HEALTH_CLASS = { ready: "good", starting: "warn", degraded: "warn", stopping: "warn", dead: "bad", stopped: "bad" };
const DISAGREE_FRAMES = 8;
const disagreeing = new Map(); // bot -> frames in a row in which gateway or venue counted other orders than we show
const $ = (id) => document.getElementById(id);

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

export function drawFigures(bot, desk) {
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
    value.className = name === "guard" ? guardClass(bot) : coloured ? sign(reading.value) : "";
    put(figure.querySelector(".unit"), reading.unit === "count" || reading.value === null ? "" : reading.unit);
    setAge(figure.querySelector(".age"), reading);
    put(figure.querySelector(".aside"), aside(name, bot, desk));
    figure.querySelector(".aside").title = figure.querySelector(".aside").textContent;
    figure.querySelector(".aside").classList.toggle("warn-text", name === "open_orders" && disagreeing.get(bot.id) > DISAGREE_FRAMES);
  }
}

// A guard may run while the gateway lets nothing through: then it is not green, and says why.
function guardClass(bot) {
  return { HALTED: "bad", REDUCING: "warn" }[bot.held] || GUARD_CLASS[bot.readings.guard.value] || "";
}

function guardWords(bot) {
  return [bot.held ? `the gateway has it ${bot.held}` : "", ...bot.reasons.map((reason) => reason.text)].filter(Boolean).join("; ");
}

function aside(name, bot, desk) {
  const r = bot.readings;
  if (name === "pnl" && r.fees.value !== null) {
    const funding = Number(r.funding.value) ? `, funding ${signed(-r.funding.value, 2)}` : "";
    return `fees ${signed(-r.fees.value, 2)}${funding}`;
  }
  if (name === "position" && r.position.value !== null && r.mid.value !== null) {
    return `${signed(Number(r.position.value) * Number(r.mid.value), 0)} ${bot.quote}`;
  }
  if (name === "equity" && r.capital.value !== null) return `capital ${number(r.capital.value, 0)}`;
  if (name === "guard") return guardWords(bot);
  if (name === "realised_edge" && bot.edge.length) {
    const line = bot.edge.at(-1);
    return `${line.samples} fills, ${line.horizon_s} s after`;
  }
  if (name === "open_orders") return others(bot, desk);
  return "";
}

// What gateway and venue counted when they were last asked, a second ago or less. Orders come and go between asking and
// hearing, so another count is said only when it stays.
function others(bot, desk) {
  const counts = [];
  const { gateway_orders: gateway } = bot.readings;
  if (gateway.value !== null && !gateway.stale) counts.push(["gateway", Number(gateway.value)]);
  if (bot.venue_orders !== null && !desk.venue_open_orders.stale) counts.push(["venue", bot.venue_orders]);
  const agrees = counts.every(([, count]) => count === bot.orders.length);
  const frames = agrees ? 0 : (disagreeing.get(bot.id) || 0) + 1;
  disagreeing.set(bot.id, frames);
  if (!counts.length) return "";
  if (frames <= DISAGREE_FRAMES) return `${counts.at(-1)[0]} agrees`;
  return counts.map(([who, count]) => `${who} ${count}`).join(", ");
}

export function drawBots(bots, shown, choose) {
  drawTable($("bots"), bots, (bot) => bot.id, (bot, cells) => {
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
    cells[0].title = bot.id;
    const guard = bot.readings.guard;
    const [badgeOf, words] = cells[1].children;
    put(badgeOf, guard.value ?? "unknown");
    badgeOf.className = `badge ${guardClass(bot)}`;
    put(words, guardWords(bot));
    words.title = bot.reasons.map((reason) => `${reason.code}: ${reason.text}. Next: ${reason.next_step || "nothing"}`).join("\n");
    put(cells[2], signed(bot.readings.pnl.value, 2));
    cells[2].className = `n ${sign(bot.readings.pnl.value)}`;
    put(cells[3], number(bot.fill_counts.gateway, 0));
    cells[3].className = "n";
    setAge(cells[4], guard);
  }, "No bot has spoken yet");
}

export function drawOrders(bot) {
  $("orders-card").dataset.owner = "";
  put($("orders-count"), `${bot.orders.length} of ${bot.id} · price in ${bot.quote || "quote"}, size in ${bot.base || "base"}`);
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

export function drawEdge(bot) {
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
  const oldest = rows.map(([, , reading]) => reading).reduce((a, b) => (ageOf(b) > ageOf(a) ? b : a));
  setAge($("details-age"), oldest);
  rows.forEach(([, value, reading], index) => {
    put(list.children[index].children[1], value);
    setAge(list.children[index].children[2], reading);
  });
}

function ageOf(reading) {
  return reading.age_ms === null ? Infinity : reading.age_ms;
}

function bps(reading) {
  return reading.value === null ? "—" : `${number(reading.value, 2)} bps`;
}

export function drawServices(services) {
  drawTable($("services"), services, (service) => service.name, (service, cells) => {
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

export function drawIncidents({ breaks, incidents }) {
  const open = breaks.filter((each) => each.severity !== "info");
  $("breaks").hidden = open.length === 0;
  $("breaks").className = `badge ${open.some((each) => each.severity === "critical") ? "bad" : "warn"}`;
  put($("breaks"), `${open.length} open break${open.length === 1 ? "" : "s"}`);
  drawTable($("incidents"), incidents, (incident) => incident.event_id, (incident, cells) => {
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

export function drawFills(bot) {
  const { gateway, bot: own } = bot.fill_counts;
  put($("fills-count"), `gateway ${number(gateway, 0)} · bot ${number(own, 0)} · ${bot.quote || "quote"}, size in ${bot.base || "base"}`);
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
