// The page: opens cases, and gives keys their meaning.

import { CaseList } from "./cases.js";
import { Deciding } from "./deciding.js";
import { byId } from "./dom.js";
import { Layers } from "./layers.js";
import { showMeasures, showPlaces, showReasons } from "./panel.js";
import { Points, showClasses } from "./picture.js";
import { getJson } from "./server.js";

const LETTERS = /^[a-z]$/i;

function fail(problem) {
  const text = problem instanceof Error ? problem.message : problem;
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

class Page {
  constructor(told) {
    this.told = told;
    this.deciding = new Deciding(told, () => this.list.draw(), fail);
    this.list = new CaseList(told, (entry) => this.open(entry).catch(fail));
    if (told.kind === "volume") this.layers = new Layers(told, fail);
    if (told.kind === "points") this.points = new Points();
    byId("previous").addEventListener("click", () => this.list.step(-1));
    byId("next").addEventListener("click", () => this.list.step(1));
    document.title = `tfuq view: ${told.title}`;
    const missing = told.missing ? ` ${told.missing}.` : "";
    byId("subtitle").textContent = `${told.method}, ${told.samples} sample(s). ${told.promise}${missing}`;
    if (told.unreadLines) fail(`${told.unreadLines} line(s) of ${told.decisions} are no decisions, and do not count.`);
    document.addEventListener("keydown", (event) => this.press(event), true);
    document.addEventListener("keyup", (event) => isForPage(event) && event.stopPropagation(), true);
    byId("list").open = window.innerWidth > 800;
    this.list.draw();
    this.list.step(0);
  }

  async open(entry) {
    byId("case-title").textContent = entry.case;
    fail("");
    this.deciding.open(entry);
    showReasons(entry);
    showPlaces([], null);
    const detail = await getJson("case", { case: entry.case });
    if (entry !== this.list.chosen) return;
    showMeasures(detail.measures);
    await this.layers?.open(entry, detail);
    if (this.points) await this.openPoints(entry, detail);
    if (this.told.kind === "classes") showClasses(entry, detail);
    if (!this.layers) document.body.dataset.complete = entry.case;
  }

  async openPoints(entry, detail) {
    this.points.open(entry, detail);
    this.points.places = await getJson("places", { case: entry.case });
    if (entry === this.list.chosen) showPlaces(this.points.places, (place) => this.points.goTo(place.name));
  }

  // Letters go to the page, and not to the viewer, which has keys of its own.
  press(event) {
    if (event.key === "Escape") document.activeElement?.blur();
    if (!isForPage(event)) return;
    event.stopPropagation();
    const act = this.keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  keys = {
    a: () => this.deciding.decide("accept"),
    e: () => this.deciding.decide("edit needed"),
    r: () => this.deciding.decide("reject"),
    u: () => this.deciding.decide("undecided"),
    n: () => byId("note").focus(),
    j: () => this.list.step(1),
    k: () => this.list.step(-1),
    c: () => (this.layers ?? this.points)?.goToPlace(),
    o: () => byId("overlays").click(),
    m: () => this.layers?.nextMap(),
  };
}

function isForPage(event) {
  const isTyped = event.target.matches?.("input[type='text'], input[type='search'], input[type='number']");
  const isShortcut = event.ctrlKey || event.metaKey || event.altKey;
  return LETTERS.test(event.key) && !isTyped && !isShortcut;
}

getJson("cases").then((told) => new Page(told)).catch(fail);
