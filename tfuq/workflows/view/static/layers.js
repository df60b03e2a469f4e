// The controls of a volume's layers, and what they load.

import { byId, fillSelect, legendEntry } from "./dom.js";
import { getContent, getJson } from "./server.js";
import { showPlaces } from "./panel.js";
import { VolumeView } from "./volume.js";

const MOST_VOXELS_WHEN_SLOW = 16_000_000;
const SAMPLE = "sample";

export class Layers {
  constructor(fail) {
    this.fail = fail;
    byId("volume").hidden = false;
    byId("volume-controls").hidden = false;
    this.volume = new VolumeView(byId("canvas"), (text) => { byId("position").textContent = text; });
    this.every = false;
    const on = (id, kind, act) => byId(id).addEventListener(kind, act);
    on("view", "change", () => this.volume.setView(byId("view").value));
    on("channel", "change", () => this.loadScan().catch(this.fail));
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

  async open(entry, detail) {
    this.stop?.abort();
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.entry = entry;
    this.detail = detail;
    this.fill();
    try {
      byId("busy").textContent = "Loading the scan …";
      await this.volume.ready;
      if (signal.aborted) return;
      this.volume.clear();
      this.volume.setPicture(detail.isPicture);
      byId("view").disabled = detail.isPicture;
      this.volume.setView(detail.isPicture ? "axial" : byId("view").value);
      await this.loadScan();
      byId("busy").textContent = "";
      document.body.dataset.shown = entry.case;
      await this.loadLabel();
      if (!signal.aborted) await this.loadMap();
      if (!signal.aborted) await this.loadPlaces(signal);
      if (!signal.aborted) document.body.dataset.complete = entry.case;
    } catch (error) {
      if (signal.aborted) return;
      byId("busy").textContent = "";
      throw error;
    }
  }

  fill() {
    const { channels, samples, references, maps, probabilities, classes } = this.detail;
    const usual = maps.some(({ name }) => name === "mutual_information") ? "mutual_information" : maps[0]?.name;
    const kept = this.kept ?? { label: "label", map: `map:${usual}` };
    fillSelect(byId("channel"), channels.map((name, number) => [String(number), name]), "0");
    byId("channel-row").hidden = channels.length < 2;
    const labels = [["label", "prediction"]];
    if (samples) labels.push([SAMPLE, `single samples (${samples})`]);
    labels.push(...references.map((name) => [`reference:${name}`, name]), ["", "none"]);
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

  get(query, signal) {
    const most = this.volume.isSlow && !this.every ? MOST_VOXELS_WHEN_SLOW : 0;
    return getContent({ case: this.entry.case, ...query, most }, signal);
  }

  async loadScan() {
    const content = await this.get({ layer: "scan", number: byId("channel").value }, this.stop.signal);
    if (content.step > 1 && byId("view").value === "all") { // 3D would take seconds for each picture
      byId("view").value = "planes";
      this.volume.setView("planes");
    }
    const image = await this.volume.put("scan", content, { name: this.detail.channels[byId("channel").value], isWhole: this.detail.isPicture });
    this.showStep(content.step);
    this.automatic = [image.cal_min, image.cal_max];
    this.showRange("window", image);
  }

  showStep(step) {
    const notice = byId("busy");
    notice.textContent = "";
    byId("reduced")?.remove();
    if (step === 1) return;
    const button = document.createElement("button");
    button.id = "reduced";
    button.type = "button";
    button.textContent = `every ${step}. voxel is shown, as this browser draws without a graphics processor: show all`;
    button.addEventListener("click", () => { this.every = true; this.open(this.entry, this.detail).catch(this.fail); });
    byId("position").after(button);
  }

  async loadLabel() {
    const [layer, name] = split(byId("label").value);
    byId("sample-row").hidden = layer !== SAMPLE;
    byId("sample-number").value = byId("sample").value;
    await this.replace("label", layer && { layer, name, number: layer === SAMPLE ? byId("sample").value - 1 : 0 }, {
      name: name || (layer === SAMPLE ? `sample ${byId("sample").value}` : "label"),
      classes: this.detail.classes,
      opacity: 0,
    });
    this.opacities();
  }

  async loadMap() {
    const [layer, name] = split(byId("map").value);
    byId("map-controls").hidden = !layer;
    const measure = this.detail.maps.find((each) => each.name === name);
    const title = measure?.title ?? `probability of ${name}`;
    const image = await this.replace("map", layer && { layer, name }, { name: title, colormap: "inferno", opacity: this.opacityOf("map") });
    if (!image) return;
    const high = image.global_max > 0 ? image.global_max : 1;
    this.volume.setRange("map", high / 20, high);
    this.showRange("map", image);
    byId("map-unit").textContent = measure ? `in ${measure.unit || "shares of 1"}; brighter is less certain` : "brighter is more probable";
  }

  // The last choice is shown, whichever answer comes first.
  async replace(layer, query, options) {
    const number = this.requests?.[layer] ?? 0;
    this.requests = { ...this.requests, [layer]: number + 1 };
    const { signal } = this.stop;
    const isLast = () => !signal.aborted && this.requests[layer] === number + 1;
    try {
      const content = query ? await this.get(query, signal) : null;
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
    this.goToPlace();
  }

  goToPlace() {
    if (this.places?.length) this.volume.goTo(this.places[0].mm);
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
