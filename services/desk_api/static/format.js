// Numbers as people read them. Values arrive as decimal text; they become floats only here, to be drawn.

const formats = new Map();

function grouped(decimals) {
  if (!formats.has(decimals)) {
    formats.set(decimals, new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  }
  return formats.get(decimals);
}

// A true minus sign, and no "-0.00".
export function number(text, decimals) {
  if (text === null || text === undefined || text === "") return "—";
  const value = Number(text);
  if (!Number.isFinite(value)) return String(text);
  return grouped(decimals).format(value).replace(/^-(?=[0.,]*$)/, "").replace("-", "−");
}

export function signed(text, decimals) {
  const shown = number(text, decimals);
  return Number(text) > 0 && shown !== number("0", decimals) ? `+${shown}` : shown;
}

// As many decimals as the text has, at least `least`, at most `most`.
export function asGiven(text, least, most) {
  if (text === null || text === undefined) return "—";
  const given = (String(text).split(".")[1] || "").replace(/0+$/, "").length;
  return number(text, Math.min(most, Math.max(least, given)));
}

export function sign(text) {
  const value = Number(text);
  return value > 0 ? "up" : value < 0 ? "down" : "";
}

export function clockTime(ms) {
  return new Date(ms).toISOString().slice(11, 19);
}
