// Plain images: landmarks with their ellipses and samples, and classes with their bars.

import { asCss, byId, colourOf, fillSelect, make, makeSvg, rounded } from "./dom.js";
import { addressOf } from "./server.js";

export class Points {
  constructor() {
    for (const id of ["show-ellipses", "show-radii", "show-samples", "show-names", "reference", "zoom"]) {
      byId(id).addEventListener("input", () => this.draw());
    }
    window.addEventListener("resize", () => this.draw());
  }

  open(entry, detail) {
    this.entry = entry;
    this.detail = detail;
    this.centre = null;
    byId("picture-controls").hidden = false;
    byId("picture").hidden = false;
    const references = detail.references.map(({ name }) => [name, name]);
    fillSelect(byId("reference"), [["", "none"], ...references], "");
    byId("radii-row").hidden = detail.points.every(({ radius }) => radius === null);
    byId("reference").disabled = !references.length;
    byId("zoom").value = 1;
    this.draw();
  }

  // Make a landmark the middle of what is seen.
  goTo(name) {
    this.centre = this.detail.points.find((point) => point.name === name) ?? null;
    if (byId("zoom").value < 3) byId("zoom").value = 3;
    this.draw();
  }

  goToPlace() {
    if (this.places?.length) this.goTo(this.places[0].name);
  }

  draw() {
    if (!this.detail) return;
    const [width, height] = this.detail.size;
    const box = byId("picture").getBoundingClientRect();
    const fit = Math.min((box.width - 32) / width, (box.height - 32) / height);
    const scale = Math.max(fit, 0.05) * byId("zoom").value;
    const view = { width: width * scale, height: height * scale, viewBox: `-0.5 -0.5 ${width} ${height}` };
    const svg = makeSvg("svg", { ...view, role: "img", "aria-label": "The picture with its landmarks" });
    svg.append(makeSvg("image", { href: addressOf({ case: this.entry.case }), x: -0.5, y: -0.5, width, height }));
    this.pixel = 1 / scale; // the width of a pixel of the screen, in pixels of the picture
    this.detail.points.forEach((point, number) => svg.append(...this.point(point, number)));
    svg.append(...this.reference());
    byId("picture").replaceChildren(svg);
    if (this.centre) {
      byId("picture").scrollTo(this.centre.x * scale - box.width / 2, this.centre.y * scale - box.height / 2);
    }
  }

  point(point, number) {
    const colour = asCss(colourOf(number));
    const thin = { fill: "none", stroke: colour, "stroke-width": 1.5 * this.pixel };
    const shapes = [];
    if (point.ellipse && byId("show-ellipses").checked) {
      const [long, short, degrees] = point.ellipse;
      const turn = `translate(${point.x} ${point.y}) rotate(${degrees})`;
      shapes.push(makeSvg("ellipse", { rx: long, ry: short, transform: turn, class: "ellipse", ...thin }));
    }
    if (point.radius !== null && byId("show-radii").checked) {
      const [rx, ry] = point.radius;
      shapes.push(makeSvg("ellipse", { cx: point.x, cy: point.y, rx, ry, class: "radius", ...thin, "stroke-dasharray": 4 * this.pixel }));
    }
    if (byId("show-samples").checked) {
      for (const [x, y] of point.samples) {
        shapes.push(makeSvg("circle", { cx: x, cy: y, r: 1.5 * this.pixel, fill: colour, class: "sample" }));
      }
    }
    shapes.push(makeSvg("circle", { cx: point.x, cy: point.y, r: 3.5 * this.pixel, fill: colour, stroke: "#000", "stroke-width": this.pixel, class: "point" }, makeSvg("title", {}, `${point.name} (${rounded(point.x)}, ${rounded(point.y)})`)));
    if (byId("show-names").checked) shapes.push(this.name(point, colour));
    return shapes;
  }

  name(point, colour) {
    const place = { x: point.x + 7 * this.pixel, y: point.y - 5 * this.pixel };
    const letters = { fill: colour, "font-size": 12 * this.pixel, stroke: "#000", "stroke-width": 3 * this.pixel, "paint-order": "stroke" };
    return makeSvg("text", { ...place, ...letters }, point.name);
  }

  reference() {
    const chosen = this.detail.references.find(({ name }) => name === byId("reference").value);
    const arm = 5 * this.pixel;
    return (chosen?.points ?? []).map(({ name, x, y }) => {
      const cross = `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}`;
      return makeSvg("path", { d: cross, stroke: "#fff", "stroke-width": 1.5 * this.pixel, class: "reference" }, makeSvg("title", {}, `${name}, ${byId("reference").value}`));
    });
  }
}

// Which way each bar goes is the same; the text beside it says the number.
export function showClasses(entry, detail) {
  byId("picture").hidden = false;
  const image = make("img", { src: addressOf({ case: entry.case }), alt: `The picture ${entry.case}` });
  const rows = detail.classes.flatMap((each) => classRow(each, each.name === detail.label));
  const bars = make("div", { class: "classes" }, ...rows);
  const told = make("p", { class: "soft small" }, explained(detail));
  byId("picture").replaceChildren(make("figure", { class: "single" }, image), make("div", {}, bars, told));
}

function classRow({ name, probability, votes, members }, isChosen) {
  const svg = makeSvg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": `probability ${rounded(probability)}` });
  svg.append(makeSvg("rect", { width: 100, height: 10, fill: "#1f262f" }));
  svg.append(makeSvg("rect", { width: 100 * probability, height: 6, fill: isChosen ? "#7ab8ff" : "#5b6c80", class: "probability" }));
  if (votes !== null) svg.append(makeSvg("rect", { y: 7, width: 100 * votes, height: 3, fill: "#e5b04f", class: "votes" }));
  for (const value of members) svg.append(makeSvg("rect", { x: 100 * value - 0.4, width: 0.8, height: 6, fill: "#fff", class: "member" }));
  const text = votes === null ? rounded(probability) : `${rounded(probability)}, ${Math.round(100 * votes)} % of samples`;
  return [make("span", { class: "name" }, name), svg, make("span", { class: "soft small" }, text)];
}

function explained(detail) {
  const parts = [`Predicted: ${detail.label}.`];
  if (detail.reference !== null) parts.push(`Reference: ${detail.reference}.`);
  for (const { rule, classes } of detail.sets) parts.push(`Conformal set (${rule}): ${classes.join(", ") || "empty"}.`);
  parts.push("Blue: mean probability.");
  if (detail.classes.some(({ votes }) => votes !== null)) parts.push(`Yellow: the share of ${detail.samples} samples that choose the class.`);
  if (detail.classes.some(({ members }) => members.length)) parts.push("White: each member of the ensemble.");
  return parts.join(" ");
}
