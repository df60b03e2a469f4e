// Decisions: written at once, and shown as the server has them.

import { byId, fillSelect } from "./dom.js";
import { postDecision } from "./server.js";

export class Deciding {
  constructor(told, changed, fail) {
    this.told = told;
    this.changed = changed;
    this.fail = fail;
    const structures = told.structures.map((name) => [name, name]);
    fillSelect(byId("structure"), [[told.whole, "the whole case"], ...structures], told.whole);
    byId("structure-row").hidden = !structures.length;
    byId("structure").addEventListener("change", () => this.draw());
    byId("decide").addEventListener("submit", (event) => { event.preventDefault(); this.noteAlone(); });
    for (const button of this.buttons) button.addEventListener("click", () => this.decide(button.dataset.verdict));
  }

  get buttons() {
    return [...document.querySelectorAll("#decide button")];
  }

  get current() {
    return this.entry?.decisions[byId("structure").value];
  }

  open(entry) {
    this.entry = entry;
    this.draw();
  }

  // A note that is entered keeps the verdict that there is.
  noteAlone() {
    const verdict = this.current?.isCurrent ? this.current.decision : "undecided";
    this.decide(verdict);
    byId("note").blur();
  }

  async decide(verdict) {
    const entry = this.entry;
    if (!entry) return;
    const structure = byId("structure").value;
    const note = byId("note").value;
    try {
      entry.decisions[structure] = await postDecision({ case: entry.case, structure, decision: verdict, note });
      this.fail("");
    } catch (error) {
      this.fail(`The decision on ${entry.case} is not written: ${error.message}`);
    }
    if (entry === this.entry) this.draw();
    this.changed();
  }

  draw() {
    const decision = this.current;
    const isCurrent = Boolean(decision?.isCurrent);
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(isCurrent && decision.decision === button.dataset.verdict));
    }
    byId("note").value = decision?.note ?? "";
    byId("decided").textContent = decision ? described(decision) : "not decided";
  }
}

function described(decision) {
  const by = decision.reviewer ? ` by ${decision.reviewer}` : "";
  const when = new Date(decision.time).toLocaleString();
  const earlier = decision.isCurrent ? "" : ", of an earlier prediction; decide again";
  return `${decision.decision}${by}, saved ${when}${earlier}`;
}
