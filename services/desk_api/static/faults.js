// The switches that break the simulated exchange, and the one that kills a bot. Nothing happens on the first press: what
// will happen is said, and asked for again.

import { ageText } from "./age.js";
import { drawTable, put } from "./table.js";

const $ = (id) => document.getElementById(id);

export class Faults {
  constructor() {
    this.faults = null;
    this.bot = "";
    this.wanted = null; // what waits for its confirmation: { path, body }
    $("faults-open").addEventListener("click", () => this.open());
    $("faults-on").addEventListener("click", () => this.open());
    $("faults-close").addEventListener("click", () => $("faults").close());
    $("faults").addEventListener("close", () => this.forget());
    $("fault-no").addEventListener("click", () => this.forget());
    $("fault-yes").addEventListener("click", () => this.confirm());
  }

  get isOpen() {
    return $("faults").open;
  }

  open() {
    put($("fault-said"), "");
    $("faults").showModal();
  }

  draw(faults, bot) {
    this.faults = faults;
    this.bot = bot ? bot.id : "";
    const on = faults.switches.filter((each) => each.on).map((each) => each.label.toLowerCase()).concat(faults.others);
    $("faults-on").hidden = on.length === 0;
    put($("faults-on"), `FAULT ${on.join(", ")}`);
    $("faults-why").hidden = !faults.why_not;
    put($("faults-why"), faults.why_not);
    $("faults-others").hidden = faults.others.length === 0;
    put($("faults-others"), `Also in effect, set by other means: ${faults.others.join(", ")}`);
    const rows = faults.switches.map((each) => ({ ...each, does: () => this.ask(each) }));
    if (this.bot) rows.push({ name: "kill_bot", label: `Kill ${this.bot}`, says: "SIGKILL with its orders resting; the supervisor starts it again", does: () => this.askKill() });
    drawTable($("fault-list"), rows, (row) => row.name, (row, cells) => this.fill(row, cells), "Nothing can be broken here");
  }

  fill(row, cells) {
    if (!cells[0].firstElementChild) {
      const button = document.createElement("button");
      button.type = "button";
      button.id = `switch-${row.name}`;
      cells[0].append(button);
      const end = document.createElement("button");
      end.type = "button";
      end.id = `end-${row.name}`;
      put(end, "End");
      end.addEventListener("click", () => this.send("/api/faults", { switch: row.name, on: false }));
      cells[2].append(document.createElement("span"), " ", end);
    }
    const button = cells[0].firstElementChild;
    put(button, row.label);
    button.onclick = row.does; // the bot that is shown may have changed
    button.disabled = Boolean(this.faults.why_not);
    put(cells[1], row.says);
    const [state, end] = cells[2].children;
    put(state, row.on ? (row.left_ms === null ? "on" : `on, ${ageText(row.left_ms)} left`) : "");
    state.className = row.on ? "badge bad" : "";
    end.hidden = !row.on;
  }

  ask(each) {
    const forMs = $("fault-for").value;
    const body = { switch: each.name, on: true };
    if (forMs) body.for_ms = Number(forMs);
    const span = forMs ? `for ${Number(forMs) / 1000} s` : "until it is ended";
    this.want("/api/faults", body, `${each.label} ${span}: ${each.says}.`, each.label);
  }

  askKill() {
    this.want("/api/kill-bot", { bot: this.bot }, `Kill ${this.bot} at once, with its orders resting.`, `Kill ${this.bot}`);
  }

  want(path, body, question, yes) {
    this.wanted = { path, body };
    put($("fault-question"), question);
    put($("fault-yes"), `${yes}, now`);
    put($("fault-said"), "");
    $("fault-confirm").hidden = false;
    $("fault-no").focus();
  }

  forget() {
    this.wanted = null;
    $("fault-confirm").hidden = true;
  }

  confirm() {
    const { path, body } = this.wanted;
    this.forget();
    this.send(path, body);
  }

  async send(path, body) {
    put($("fault-said"), "…");
    try {
      const headers = { "content-type": "application/json", "x-hbot-page": this.faults.token };
      const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
      const said = await answer.json();
      put($("fault-said"), answer.ok ? said.text : `refused, ${said.code}: ${said.text}`);
    } catch (error) {
      put($("fault-said"), "the desk did not answer");
    }
  }
}
