// What is said about a case: why to look at it, and its measures.

import { byId, make, rounded } from "./dom.js";

export function showReasons(entry) {
  byId("reasons").replaceChildren(...entry.reasons.map((reason) => make("li", {}, reason)));
  byId("why").hidden = !entry.reasons.length;
}

export function showPlaces(places, go) {
  byId("places").replaceChildren(...places.map((place) => {
    const button = make("button", { type: "button", title: "Go there" }, `${place.name}: ${place.words} (${place.at})`);
    button.addEventListener("click", () => go(place));
    return button;
  }));
  if (places.length) byId("why").hidden = false;
}

export function showMeasures(parts) {
  byId("measures").replaceChildren(...parts.map((part) => {
    const table = make("table", {}, make("caption", {}, part.name));
    for (const { title, unit, better, value } of part.measures) {
      const head = make("th", { scope: "row" }, title, make("small", {}, better));
      table.append(make("tr", {}, head, make("td", {}, `${rounded(value)} ${unit}`)));
    }
    return table;
  }));
}
