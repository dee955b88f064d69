// How old a number is, whatever this browser's clock says.
//
// The server sends each number's age as of the frame, measured by its own clocks. Here only time since receipt is
// added: by performance.now(), and by Date.now() differences as well, because performance.now() may stand still while
// the computer sleeps. The larger counts. A frame that was held up on its way is found out by the server's monotonic
// time in it: the fastest frame of this server life is the measure, and every later one is aged by how much slower it was.

import { put } from "./table.js";

export const LOST_AFTER_MS = 3000; // frames come at least twice a second

export class Ages {
  #life = "";
  #fastestMs = Infinity; // performance.now() minus the server's monotonic time, of the fastest frame
  #receivedPerfMs = -Infinity;
  #receivedWallMs = 0;
  #heldUpMs = 0;

  received(frame) {
    const perfMs = performance.now();
    if (frame.life !== this.#life) {
      this.#life = frame.life;
      this.#fastestMs = Infinity;
    }
    const lagMs = perfMs - frame.mono_ms;
    this.#fastestMs = Math.min(this.#fastestMs, lagMs);
    this.#heldUpMs = lagMs - this.#fastestMs;
    this.#receivedPerfMs = perfMs;
    this.#receivedWallMs = Date.now();
  }

  // Milliseconds to add to every age in the last frame; Infinity before the first one.
  sinceFrameMs() {
    if (this.#receivedPerfMs === -Infinity) return Infinity;
    const byWallMs = Date.now() - this.#receivedWallMs;
    return this.#heldUpMs + Math.max(0, performance.now() - this.#receivedPerfMs, byWallMs);
  }

  isLost() {
    return this.sinceFrameMs() > LOST_AFTER_MS;
  }
}

// "<1 s", "14 s", "3 m 05 s", "2 h 10 m", "4 d 3 h"
export function ageText(ms) {
  const s = Math.floor(ms / 1000);
  if (s < 1) return "<1 s";
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${String(s % 60).padStart(2, "0")} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} m`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export const ages = new Ages();

// An element with an age carries it as of the frame; what is drawn four times a second adds the time since.
export function setAge(element, reading) {
  element.dataset.age = reading.age_ms === null ? "never" : reading.age_ms;
  element.dataset.limit = reading.max_age_ms;
  element.title = reading.age_ms === null ? "No source has said this yet" : `Source: ${reading.source}; stale above ${reading.max_age_ms / 1000} s`;
  showAge(element, ages.sinceFrameMs());
}

export function showAge(element, sinceMs) {
  const never = element.dataset.age === "never";
  const ageMs = Number(element.dataset.age) + sinceMs;
  const stale = never || ageMs > Number(element.dataset.limit);
  put(element, never ? "not heard" : stale ? `stale ${ageText(ageMs)}` : ageText(ageMs));
  element.classList.toggle("stale", stale);
  const owner = element.closest("[data-owner]");
  if (owner) owner.classList.toggle("stale", stale);
}
