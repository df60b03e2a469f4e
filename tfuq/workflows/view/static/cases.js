// The list of cases: search, filter, and the one that is looked at.

import { byId, make, rounded } from "./dom.js";

const AT_ONCE = 200;
const MARKS = { accept: "✓ accept", "edit needed": "✎ edit needed", reject: "✕ reject" };

export class CaseList {
  constructor(told, open) {
    this.told = told;
    this.open = open;
    this.most = AT_ONCE;
    this.chosen = null;
    byId("search").addEventListener("input", () => this.draw());
    byId("filter").addEventListener("change", () => this.draw());
    byId("more").addEventListener("click", () => { this.most += AT_ONCE; this.draw(); });
    const { title, better } = told.orderedBy;
    byId("order").textContent = `Least certain first, by ${title}${better ? `; ${better}` : ""}.`;
  }

  verdictOf(entry) {
    const decisions = Object.entries(entry.decisions).filter(([, decision]) => decision.isCurrent && decision.decision !== "undecided");
    const whole = decisions.find(([structure]) => structure === this.told.whole);
    if (whole) return whole[1].decision;
    return decisions.length ? "in part" : "";
  }

  isListed(entry) {
    const wanted = byId("search").value.toLowerCase();
    if (!entry.case.toLowerCase().includes(wanted)) return false;
    const filter = byId("filter").value;
    const isDecided = this.verdictOf(entry) !== "";
    if (filter === "decided") return isDecided;
    if (filter === "undecided") return !isDecided;
    return filter === "all" || entry.referral === filter;
  }

  draw() {
    this.listed = this.told.cases.filter((entry) => this.isListed(entry));
    const decided = this.told.cases.filter((entry) => this.verdictOf(entry) !== "").length;
    byId("count").textContent = `${this.listed.length} of ${this.told.cases.length} listed, ${decided} decided`;
    byId("cases").replaceChildren(...this.listed.slice(0, this.most).map((entry) => this.item(entry)));
    byId("more").hidden = this.listed.length <= this.most;
  }

  item(entry) {
    const verdict = this.verdictOf(entry);
    const mark = make("span", { class: "verdict", "data-verdict": verdict }, MARKS[verdict] ?? (verdict && "• in part"));
    const name = make("span", { class: "name", title: entry.case }, entry.case);
    const button = make("button", { type: "button", "aria-current": String(entry === this.chosen) }, name, mark);
    const detail = make("span", { class: "detail" });
    if (entry.referral) detail.append(make("span", { class: entry.referral }, entry.referral), " ");
    const { title, unit } = this.told.orderedBy;
    if (entry.value !== null) detail.append(`${title} ${rounded(entry.value)} ${unit}`);
    if (detail.childNodes.length) button.append(detail);
    button.addEventListener("click", () => this.choose(entry));
    return make("li", {}, button);
  }

  choose(entry) {
    this.chosen = entry;
    this.draw();
    document.querySelector("#cases [aria-current='true']")?.scrollIntoView({ block: "nearest" });
    this.open(entry);
  }

  step(by) {
    if (!this.listed.length) return;
    const place = this.listed.indexOf(this.chosen);
    // A case that the filter no longer lists is followed by the first one.
    const next = place < 0 ? 0 : Math.min(Math.max(place + by, 0), this.listed.length - 1);
    if (this.listed[next] === this.chosen) return;
    this.most = Math.max(this.most, next + 1);
    this.choose(this.listed[next]);
  }
}
