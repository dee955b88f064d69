// The three charts on one grid of seconds, so that a hole in the data is a hole in the picture and all three pan together.

import { asGiven, clockTime, number } from "./format.js";

const LINES = ["mid", "our_bid", "our_ask", "equity", "position"];
const HOLE_S = 15; // no value for longer than this: the line is broken, not drawn through
const REQUOTE_S = 3; // a quote that is replaced within this time is one line
const SHOWN_LEAST_S = 120; // a young desk fills the picture instead of a corner of it
const MARKERS_MAX = 400;

export class Charts {
  constructor() {
    this.lib = window.LightweightCharts;
    this.minutes = 15;
    this.following = true;
    this.values = {}; // line name -> Map(second -> text or null)
    this.fills = new Map(); // trade id -> fill
    this.first = 0; // the grid, in seconds
    this.last = 0;
    this.symbolInfo = { priceDecimals: 2, base: "", quote: "" };
    this.priceLines = new Map();
    this.build();
  }

  build() {
    const theme = this.theme();
    const make = (id, options) =>
      this.lib.createChart(document.getElementById(id), {
        autoSize: true,
        layout: { background: { color: "transparent" }, textColor: theme.muted, fontFamily: theme.font, fontSize: 11 },
        grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
        rightPriceScale: { borderColor: theme.line, minimumWidth: 84 },
        timeScale: { borderColor: theme.line, timeVisible: true, secondsVisible: true, minBarSpacing: 0.02, rightOffset: 8 },
        crosshair: { mode: 0 },
        localization: { locale: "en-GB" },
        ...options,
      });
    this.price = make("price-chart");
    this.equityChart = make("equity-chart");
    this.positionChart = make("position-chart");
    this.charts = [this.price, this.equityChart, this.positionChart];
    const quiet = { priceLineVisible: false, crosshairMarkerVisible: false };
    const steps = { ...quiet, lineWidth: 1, lineType: 1, lastValueVisible: false };
    this.series = {
      our_bid: this.price.addLineSeries({ ...steps, color: theme.up }),
      our_ask: this.price.addLineSeries({ ...steps, color: theme.down }),
      mid: this.price.addLineSeries({ ...quiet, lineWidth: 2, color: theme.mid }),
      equity: this.equityChart.addBaselineSeries({ ...quiet, lineWidth: 2, ...this.upDown(theme) }),
      position: this.positionChart.addBaselineSeries({ ...quiet, lineWidth: 2, lineType: 1, ...this.upDown(theme) }),
    };
    for (const chart of this.charts) {
      chart.timeScale().subscribeVisibleLogicalRangeChange((range) => this.share(chart, range));
      for (const act of ["pointerdown", "wheel"]) {
        chart.chartElement().addEventListener(act, () => this.follow(false), { passive: true });
      }
    }
    this.price.subscribeCrosshairMove((at) => this.showCursor(at));
  }

  theme() {
    const css = getComputedStyle(document.documentElement);
    const read = (name) => css.getPropertyValue(name).trim();
    return {
      muted: read("--muted"), grid: read("--grid"), line: read("--line"), up: read("--up"), down: read("--down"),
      mid: read("--mid"), stale: read("--stale"), upFill: read("--up-fill"), downFill: read("--down-fill"), upNone: read("--up-none"), downNone: read("--down-none"),
      font: read("--font"),
    };
  }

  upDown(theme) {
    return {
      topLineColor: theme.up, topFillColor1: theme.upFill, topFillColor2: theme.upNone,
      bottomLineColor: theme.down, bottomFillColor1: theme.downNone, bottomFillColor2: theme.downFill,
    };
  }

  applyTheme() {
    const theme = this.theme();
    for (const chart of this.charts) {
      chart.applyOptions({
        layout: { textColor: theme.muted },
        grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
        rightPriceScale: { borderColor: theme.line },
        timeScale: { borderColor: theme.line },
      });
    }
    this.series.mid.applyOptions({ color: theme.mid });
    this.series.our_bid.applyOptions({ color: theme.up });
    this.series.our_ask.applyOptions({ color: theme.down });
    this.series.equity.applyOptions(this.upDown(theme));
    this.series.position.applyOptions(this.upDown(theme));
    this.redraw();
  }

  setSymbol({ priceDecimals, base, quote, capital }) {
    const changed = priceDecimals !== this.symbolInfo.priceDecimals || capital !== this.symbolInfo.capital;
    this.symbolInfo = { priceDecimals, base, quote, capital };
    if (!changed) return;
    const price = { type: "price", precision: priceDecimals, minMove: 10 ** -priceDecimals };
    for (const name of ["mid", "our_bid", "our_ask"]) this.series[name].applyOptions({ priceFormat: price });
    this.series.equity.applyOptions({ priceFormat: { type: "price", precision: 2, minMove: 0.01 } });
    this.series.position.applyOptions({ priceFormat: { type: "custom", minMove: 0.0001, formatter: (value) => number(value, 4) } });
    if (capital !== null) this.series.equity.applyOptions({ baseValue: { type: "price", price: Number(capital) } });
    this.series.position.applyOptions({ baseValue: { type: "price", price: 0 } });
  }

  clear() {
    this.values = Object.fromEntries(LINES.map((name) => [name, new Map()]));
    this.fills = new Map();
    this.first = this.last = 0;
    this.redraw();
  }

  // The answer of /api/history: what went before the first frame, or was missed while the connection was lost.
  load(history) {
    this.values = Object.fromEntries(LINES.map((name) => [name, new Map(history[name])]));
    this.fills = new Map(history.fills.map((fill) => [fill.trade_id, fill]));
    const seconds = LINES.flatMap((name) => (history[name].length ? [history[name][0][0], history[name].at(-1)[0]] : []));
    this.first = seconds.length ? Math.min(...seconds) : 0;
    this.last = seconds.length ? Math.max(...seconds) : 0;
    this.redraw();
  }

  redraw() {
    const theme = this.theme();
    for (const name of LINES) this.series[name].setData(this.grid(name, this.first, this.last, theme));
    this.drawMarkers();
    this.follow(this.following);
  }

  // One entry per second. Quotes hold until they change; other lines break where nothing was heard for long.
  grid(name, first, last) {
    const known = this.values[name] || new Map();
    const holds = name === "our_bid" || name === "our_ask";
    const entries = [];
    if (!first) return entries;
    let value = null;
    let heard = -Infinity;
    for (let second = first; second <= last; second += 1) {
      if (known.has(second)) {
        value = known.get(second);
        heard = second;
      }
      const old = second - heard > HOLE_S;
      const drawn = value !== null && (holds ? !this.silentAt(second) : heard === second && !old);
      entries.push(drawn ? { time: second, value: Number(value) } : { time: second });
    }
    return this.broken(entries, holds ? REQUOTE_S : HOLE_S);
  }

  // The library draws a line through seconds without a value; where there are too many, the joint is made invisible.
  broken(entries, longest) {
    let before = null;
    let missing = 0;
    for (const entry of entries) {
      if (entry.value === undefined) {
        missing += 1;
        continue;
      }
      if (before !== null && missing >= longest) {
        for (const key of ["color", "topLineColor", "bottomLineColor", "topFillColor1", "bottomFillColor2"]) before[key] = "rgba(0,0,0,0)";
      }
      before = entry;
      missing = 0;
    }
    return entries;
  }

  // Quotes are not drawn on through a time in which nothing at all was heard of the bot.
  silentAt(second) {
    const mid = this.values.mid;
    if (!mid || mid.size === 0) return false;
    for (let back = 0; back <= HOLE_S; back += 1) if (mid.has(second - back)) return false;
    return true;
  }

  // New points of a frame. Points older than the grid's end are in the next history; the library takes none backwards.
  extend(tips, fills) {
    const theme = this.theme();
    const newest = Math.max(...LINES.map((name) => (tips[name] ? tips[name][0] : 0)));
    if (!newest) return;
    if (!this.first) this.first = newest;
    for (const name of LINES) if (tips[name]) this.values[name].set(tips[name][0], tips[name][1]);
    if (newest >= this.last) {
      const from = Math.max(this.first, this.last);
      for (const name of LINES) {
        for (const entry of this.grid(name, from, newest, theme).map((entry) => this.held(name, entry))) {
          this.series[name].update(entry);
        }
      }
      this.last = newest;
    }
    let fresh = false;
    for (const fill of fills) {
      if (!this.fills.has(fill.trade_id)) {
        this.fills.set(fill.trade_id, fill);
        fresh = true;
      }
    }
    if (fresh) this.drawMarkers();
    if (this.following) this.follow(true);
  }

  // A short grid does not know the quote that was set before it began.
  held(name, entry) {
    if (entry.value !== undefined || (name !== "our_bid" && name !== "our_ask")) return entry;
    let value = null;
    for (const [second, known] of this.values[name]) if (second <= entry.time) value = known;
    return value === null ? entry : { time: entry.time, value: Number(value) };
  }

  drawMarkers() {
    const theme = this.theme();
    const fills = [...this.fills.values()].sort((a, b) => a.ts_ms - b.ts_ms).slice(-MARKERS_MAX);
    const markers = [];
    for (const fill of fills) {
      const time = Math.floor(fill.ts_ms / 1000);
      if (time < this.first || time > this.last) continue;
      const bought = fill.side === "buy";
      markers.push({
        time, position: bought ? "belowBar" : "aboveBar", shape: bought ? "arrowUp" : "arrowDown",
        color: bought ? theme.up : theme.down, size: 1, id: fill.trade_id,
      });
    }
    this.series.mid.setMarkers(markers);
  }

  // Live quotes as price lines; grey when the gateway has been silent for too long.
  drawQuotes(orders, stale) {
    const theme = this.theme();
    const wanted = new Map(orders.filter((order) => order.price !== null).map((order) => [order.id, order]));
    for (const [id, line] of this.priceLines) {
      if (!wanted.has(id)) {
        this.series.mid.removePriceLine(line);
        this.priceLines.delete(id);
      }
    }
    for (const [id, order] of wanted) {
      const options = {
        price: Number(order.price),
        color: stale ? theme.stale : order.side === "buy" ? theme.up : theme.down,
        lineWidth: 1, lineStyle: 2, axisLabelVisible: true,
        title: `${stale ? "stale " : ""}${order.side} ${asGiven(order.base_qty, 0, 6)}`,
      };
      if (this.priceLines.has(id)) this.priceLines.get(id).applyOptions(options);
      else this.priceLines.set(id, this.series.mid.createPriceLine(options));
    }
  }

  // What is on screen, for the tests of the page.
  drawn() {
    return {
      seconds: this.last - this.first + 1,
      markers: this.series.mid.markers().length,
      quotes: this.priceLines.size,
      following: this.following,
    };
  }

  show(minutes) {
    this.minutes = minutes;
    this.follow(true);
  }

  follow(on) {
    this.following = on;
    if (!on || !this.last) return;
    const to = this.last - this.first;
    const shown = Math.min(this.minutes * 60, Math.max(SHOWN_LEAST_S, to));
    const range = { from: to - shown, to: to + shown * 0.04 };
    for (const chart of this.charts) chart.timeScale().setVisibleLogicalRange(range);
  }

  share(from, range) {
    if (!range || this.following || this.sharing) return;
    this.sharing = true;
    for (const chart of this.charts) if (chart !== from) chart.timeScale().setVisibleLogicalRange(range);
    this.sharing = false;
  }

  showCursor(at) {
    const output = document.getElementById("cursor");
    if (!at.time) {
      output.textContent = "";
      return;
    }
    const { priceDecimals, base } = this.symbolInfo;
    const part = (name, label) => {
      const point = at.seriesData.get(this.series[name]);
      return point && point.value !== undefined ? `${label} ${number(point.value, priceDecimals)}` : "";
    };
    const fills = [...this.fills.values()]
      .filter((fill) => Math.floor(fill.ts_ms / 1000) === at.time)
      .map((fill) => `${fill.side === "buy" ? "bought" : "sold"} ${asGiven(fill.base_qty, 0, 6)} ${base} @ ${number(fill.price, priceDecimals)}`);
    const words = [clockTime(at.time * 1000), part("mid", "mid"), part("our_bid", "bid"), part("our_ask", "ask"), ...fills];
    output.textContent = words.filter(Boolean).join("  ");
  }
}
