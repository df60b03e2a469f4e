// The controls of a volume's layers, and what they load.

import { byId, fillSelect, legendEntry } from "./dom.js";
import { getContent, getJson } from "./server.js";
import { showPlaces } from "./panel.js";
import { VolumeView } from "./volume.js";

const SAMPLE = "sample";
const ORDINALS = { 2: "2nd", 3: "3rd" };

export class Layers {
  constructor(told, fail) {
    this.told = told;
    this.fail = fail;
    byId("volume").hidden = false;
    byId("volume-controls").hidden = false;
    this.volume = new VolumeView(byId("canvas"), (text) => { byId("position").textContent = text; });
    this.every = false; // whether a person asked for every voxel
    this.requests = {};
    const on = (id, kind, act) => byId(id).addEventListener(kind, act);
    on("view", "change", () => this.volume.setView(byId("view").value));
    on("channel", "change", () => this.loadScan().catch(this.fail));
    on("whole", "click", () => { this.every = true; this.complete().catch(this.fail); });
    on("label", "change", () => { this.keep(); this.loadLabel(); });
    on("sample", "input", () => this.loadLabel());
    on("map", "change", () => { this.keep(); this.loadMap(); });
    on("label-opacity", "input", () => this.opacities());
    on("map-opacity", "input", () => this.opacities());
    on("overlays", "change", () => this.opacities());
    on("outline", "change", () => this.opacities());
    on("window-auto", "click", () => this.autoWindow());
    for (const [layer, prefix] of [["scan", "window"], ["map", "map"]]) {
      for (const end of ["low", "high"]) on(`${prefix}-${end}`, "change", () => this.range(layer, prefix));
    }
  }

  // First with few voxels, as a large scan takes seconds. All of them follow where they are drawn fast.
  async open(entry, detail) {
    this.stop?.abort();
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.entry = entry;
    this.detail = detail;
    this.isWhole = false;
    this.step = 1;
    byId("whole").hidden = true;
    this.fill();
    try {
      byId("busy").textContent = "Loading the scan …";
      const contents = [this.scanContent(), this.labelContent()];
      contents[1].catch(() => {}); // it is waited for below
      await this.volume.ready;
      if (signal.aborted) return;
      this.volume.clear();
      this.volume.setPicture(detail.isPicture);
      byId("view-row").hidden = detail.isPicture;
      this.volume.setView(detail.isPicture ? "axial" : byId("view").value);
      await this.loadScan(contents[0]);
      await this.loadLabel(contents[1]);
      await this.volume.drawn;
      if (signal.aborted) return;
      byId("busy").textContent = "";
      document.body.dataset.shown = entry.case;
      await this.loadMap();
      if (!signal.aborted) await this.loadPlaces(signal);
      if (!signal.aborted) await this.complete();
    } catch (error) {
      if (signal.aborted) return;
      byId("busy").textContent = "";
      throw error;
    }
  }

  // The case is shown with all that belongs to it; of a large one, its other voxels may follow.
  async complete() {
    const { signal } = this.stop;
    document.body.dataset.complete = this.entry.case;
    const isWanted = this.every || !this.volume.isSlow;
    if (this.step === 1 || !isWanted) return;
    const { place } = this.volume;
    this.isWhole = true;
    byId("whole").hidden = true;
    byId("busy").textContent = "Loading every voxel …";
    await Promise.all([this.loadScan(), this.loadLabel(), this.loadMap()]);
    if (signal.aborted) return;
    await this.volume.goTo(place);
    byId("busy").textContent = "";
    document.body.dataset.whole = this.entry.case;
  }

  fill() {
    const { channels, samples, references, bounds, maps, probabilities, classes } = this.detail;
    const usual = maps.some(({ name }) => name === "mutual_information") ? "mutual_information" : maps[0]?.name;
    const kept = this.kept ?? { label: "label", map: `map:${usual}` };
    fillSelect(byId("channel"), channels.map((name, number) => [String(number), name]), "0");
    byId("channel-row").hidden = channels.length < 2;
    const labels = [["label", "prediction"]];
    if (samples) labels.push([SAMPLE, `single samples (${samples})`]);
    labels.push(...references.map((name) => [`reference:${name}`, name]));
    labels.push(...bounds.map(({ name, title }) => [`bound:${name}`, title]), ["", "none"]);
    fillSelect(byId("label"), labels, labels.some(([value]) => value === kept.label) ? kept.label : "label");
    const shown = maps.map(({ name, title }) => [`map:${name}`, title]);
    shown.push(...probabilities.map((name) => [`probability:${name}`, `probability of ${name}`]), ["", "none"]);
    fillSelect(byId("map"), shown, shown.some(([value]) => value === kept.map) ? kept.map : "");
    byId("sample").max = Math.max(samples, 1);
    byId("legend").replaceChildren(...classes.slice(1).map((name, number) => legendEntry(number, name)));
  }

  // What was chosen once is shown of the next case too, if that has it.
  keep() {
    this.kept = { label: byId("label").value, map: byId("map").value };
  }

  get(query) {
    const most = this.isWhole ? 0 : this.told.voxelsAtFirst;
    return getContent({ case: this.entry.case, ...query, most }, this.stop.signal);
  }

  scanContent() {
    return this.get({ layer: "scan", number: byId("channel").value });
  }

  labelContent() {
    const [layer, name] = split(byId("label").value);
    if (!layer) return Promise.resolve(null);
    return this.get({ layer, name, number: layer === SAMPLE ? byId("sample").value - 1 : 0 });
  }

  async loadScan(asked = this.scanContent()) {
    const { signal } = this.stop;
    const content = await asked;
    if (signal.aborted) return;
    this.showStep(content.step);
    const name = this.detail.channels[byId("channel").value];
    const old = this.volume.shown.scan;
    const range = old?.name === name ? { cal_min: old.cal_min, cal_max: old.cal_max } : null;
    const image = await this.volume.put("scan", content, { name, range, isWhole: this.detail.isPicture });
    if (range) return;
    this.automatic = [image.cal_min, image.cal_max];
    this.showRange("window", image);
  }

  showStep(step) {
    this.step = step;
    byId("whole").hidden = step === 1;
    byId("whole").textContent = `Show every voxel (now every ${ORDINALS[step] ?? `${step}th`} along each axis)`;
    if (step > 1 && this.volume.isSlow && byId("view").value === "all") { // 3D would take seconds for each picture
      byId("view").value = "planes";
      this.volume.setView("planes");
    }
  }

  async loadLabel(asked = this.labelContent()) {
    const [layer, name] = split(byId("label").value);
    byId("sample-row").hidden = layer !== SAMPLE;
    byId("sample-number").value = byId("sample").value;
    const isOutline = byId("outline").checked;
    await this.replace("label", asked, {
      name: this.titleOf(layer, name),
      classes: this.detail.classes,
    });
    this.volume.setLabels(this.opacityOf("label"), isOutline);
  }

  titleOf(layer, name) {
    if (layer === SAMPLE) return `sample ${byId("sample").value}`;
    if (layer === "bound") return this.detail.bounds.find((each) => each.name === name).title;
    return name || "label";
  }

  async loadMap() {
    const [layer, name] = split(byId("map").value);
    byId("map-controls").hidden = !layer;
    const measure = this.detail.maps.find((each) => each.name === name);
    const title = measure?.title ?? `probability of ${name}`;
    const asked = layer ? this.get({ layer, name }) : Promise.resolve(null);
    const image = await this.replace("map", asked, { name: title, colormap: "inferno", opacity: this.opacityOf("map") });
    if (!image) return;
    const high = image.global_max > 0 ? image.global_max : 1;
    this.volume.setRange("map", high / 20, high);
    this.showRange("map", image);
    byId("map-unit").textContent = measure ? `in ${measure.unit || "shares of 1"}; brighter is less certain` : "brighter is more probable";
  }

  // The last choice is shown, whichever answer comes first.
  async replace(layer, asked, options) {
    const number = (this.requests[layer] ?? 0) + 1;
    this.requests[layer] = number;
    const { signal } = this.stop;
    const isLast = () => !signal.aborted && this.requests[layer] === number;
    try {
      const content = await asked;
      if (!isLast()) return null;
      const image = await this.volume.put(layer, content, options);
      document.body.dataset[layer] = options.name;
      return image;
    } catch (error) {
      if (!signal.aborted) this.fail(error);
      return null;
    }
  }

  async loadPlaces(signal) {
    this.places = await getJson("places", { case: this.entry.case });
    if (signal.aborted) return;
    showPlaces(this.places, (place) => this.volume.goTo(place.mm));
    await this.goToPlace();
  }

  async goToPlace() {
    if (this.places?.length) await this.volume.goTo(this.places[0].mm);
  }

  opacityOf(layer) {
    return byId("overlays").checked ? Number(byId(`${layer}-opacity`).value) : 0;
  }

  opacities() {
    this.volume.setLabels(this.opacityOf("label"), byId("outline").checked);
    this.volume.setOpacity("map", this.opacityOf("map"));
  }

  autoWindow() {
    this.volume.setRange("scan", ...this.automatic);
    this.showRange("window", this.volume.shown.scan);
  }

  showRange(prefix, image) {
    byId(`${prefix}-low`).value = Number(image.cal_min.toPrecision(3));
    byId(`${prefix}-high`).value = Number(image.cal_max.toPrecision(3));
  }

  range(layer, prefix) {
    this.volume.setRange(layer, Number(byId(`${prefix}-low`).value), Number(byId(`${prefix}-high`).value));
  }

  nextMap() {
    const select = byId("map");
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    this.keep();
    this.loadMap();
  }
}

// "map:name" is a layer and the name of one; names may have colons themselves.
function split(value) {
  const [layer, ...name] = value.split(":");
  return [layer, name.join(":")];
}
