// Charts of a run report. The numbers stand in the file itself; nothing is asked of anybody.

const run = JSON.parse(document.getElementById("run").textContent);
const css = getComputedStyle(document.documentElement);
const colour = (name) => css.getPropertyValue(name).trim();
const HOLE_S = 15;
const REQUOTE_S = 3;
const MARKERS_MAX = 1500;
const CLEAR = "rgba(0,0,0,0)";

function chart(id) {
  return LightweightCharts.createChart(document.getElementById(id), {
    autoSize: true,
    layout: { background: { color: "transparent" }, textColor: colour("--muted"), fontFamily: colour("--font"), fontSize: 11 },
    grid: { vertLines: { color: colour("--grid") }, horzLines: { color: colour("--grid") } },
    rightPriceScale: { borderColor: colour("--line"), minimumWidth: 84 },
    timeScale: { borderColor: colour("--line"), timeVisible: true, secondsVisible: true, minBarSpacing: 0.001 },
    crosshair: { mode: 0 },
    localization: { locale: "en-GB" },
    handleScroll: { mouseWheel: false },
    handleScale: { mouseWheel: false },
  });
}

// One entry per step of the run, so that a hole in the data is a hole in the picture.
function grid(points, bot, holds) {
  const known = new Map(points);
  const longest = Math.ceil((holds ? REQUOTE_S : HOLE_S) / run.step_s);
  const entries = [];
  let value = null;
  let before = null;
  let missing = 0;
  for (let second = bot.first_s; second <= bot.last_s; second += run.step_s) {
    if (known.has(second)) value = known.get(second);
    const drawn = value !== null && (holds || known.has(second));
    const entry = drawn ? { time: second, value: Number(value) } : { time: second };
    entries.push(entry);
    if (!drawn) {
      missing += 1;
      continue;
    }
    if (before && missing >= longest) before.color = before.topLineColor = before.bottomLineColor = CLEAR;
    before = entry;
    missing = 0;
  }
  return entries;
}

function draw(bot, index) {
  const price = chart(`price-${index}`);
  const steps = { lineWidth: 1, lineType: 1, lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false };
  const format = { type: "price", precision: bot.price_decimals, minMove: 10 ** -bot.price_decimals };
  const line = (name, options) => {
    const series = price.addLineSeries({ ...options, priceFormat: format });
    series.setData(grid(bot.series[name], bot, name !== "mid"));
    return series;
  };
  line("our_bid", { ...steps, color: colour("--up") });
  line("our_ask", { ...steps, color: colour("--down") });
  const mid = line("mid", { lineWidth: 2, color: colour("--mid"), priceLineVisible: false });
  mid.setMarkers(
    bot.fills.slice(-MARKERS_MAX).map((fill) => ({
      time: fill.s,
      position: fill.side === "buy" ? "belowBar" : "aboveBar",
      shape: fill.side === "buy" ? "arrowUp" : "arrowDown",
      color: colour(fill.side === "buy" ? "--up" : "--down"),
      size: 1,
    })),
  );
  const charts = [price];
  for (const [name, base, precision] of [["equity", bot.capital_quote, 2], ["position", "0", 4]]) {
    const small = chart(`${name}-${index}`);
    small
      .addBaselineSeries({
        lineWidth: 2, priceLineVisible: false, lineType: name === "position" ? 1 : 0,
        priceFormat: { type: "price", precision, minMove: 10 ** -precision },
        baseValue: { type: "price", price: Number(base ?? (bot.series[name][0] || [0, 0])[1]) },
        topLineColor: colour("--up"), topFillColor1: colour("--up-fill"), topFillColor2: colour("--up-none"),
        bottomLineColor: colour("--down"), bottomFillColor1: colour("--down-none"), bottomFillColor2: colour("--down-fill"),
      })
      .setData(grid(bot.series[name], bot, false));
    charts.push(small);
  }
  for (const each of charts) each.timeScale().fitContent();
}

run.bots.forEach((bot, index) => bot.last_s && draw(bot, index));
document.documentElement.dataset.drawn = String(run.bots.length);
