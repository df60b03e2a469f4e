// Looking at cases: what is drawn of a case, one drawing for each task. It goes on where page.js ends; gallery.js uses it too.

const captionOf = (method, id) => {
  const caption = make("figcaption", {}, make("strong", { textContent: data.headings[method] }));
  if (data.quality) caption.append(` ${data.short} ${shown(data.methods[method][data.quality.name][data.ids.indexOf(id)])}`);
  return caption;
};

const loadPicture = (address) =>
  new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("a picture in this file is damaged"));
    image.src = address;
  });

const coloursOf = async (address) => {
  const image = await loadPicture(address);
  const canvas = make("canvas", { width: image.width, height: image.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height).data;
};

const bytesOf = async (address) => {
  const rgba = await coloursOf(address), values = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < values.length; i += 1) values[i] = rgba[4 * i];
  return values;
};

const hex = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
const ramp = data.ramp.map(hex);
const MOST_TINT = 0.75; // of a pixel, so that the image shows everywhere

const tintOf = (value) => {
  const place = Math.min(value, 1) * (ramp.length - 1), low = Math.floor(place), high = Math.min(low + 1, ramp.length - 1);
  return ramp[low].map((c, k) => c + (ramp[high][k] - c) * (place - low));
};

const volumeDrawing = {
  settings: (view) => ({ slice: view.start, map: mapNames(view)[0] ?? "", opacity: 0.8, isFull: false, prediction: true, reference: true, errors: false }),

  read: async (view, maps) => {
    const sheets = { image: await coloursOf(view.image), reference: view.reference && (await bytesOf(view.reference)) };
    for (const [name, method] of Object.entries(view.methods)) {
      sheets[name] = { label: await bytesOf(method.label), maps: {} };
      for (const [map, { sheet }] of Object.entries(method.maps)) if (maps.includes(map)) sheets[name].maps[map] = await bytesOf(sheet);
    }
    return sheets;
  },

  facts: (view) => {
    const slices = view.of > 1 ? `${view.slices.length} of ${view.of} slices along axis ${view.axis} are in this file, first the ${view.reference ? "one with the most wrong voxels" : "least certain one"}; ` : "";
    const cut = view.isCut ? "cut to what is labelled, with a margin; " : "";
    const step = view.step > 1 ? `a pixel is the mean of ${view.step} × ${view.step}; ` : "";
    return `${slices}${cut}${step}${view.window}.`;
  },

  legend: (view, settings) => {
    const parts = data.classes.slice(1).map((name, k) => {
      const swatch = make("span", { className: "swatch" });
      swatch.style.borderTopColor = data.colours[k % data.colours.length];
      return make("span", {}, swatch, name);
    });
    if (view.reference && settings.reference) {
      const swatch = make("span", { className: "swatch" });
      swatch.style.borderTop = "3px dashed #888";
      parts.push(make("span", {}, swatch, "reference"));
    }
    const map = Object.values(view.methods).map((method) => method.maps[settings.map]).find(Boolean);
    if (map) {
      const bar = make("span", { className: "bar" });
      const stops = ramp.map(([r, g, b], k) => `rgba(${r},${g},${b},${(k / (ramp.length - 1)) * settings.opacity * MOST_TINT})`);
      bar.style.background = `linear-gradient(to right, ${stops.join(",")}), #777`;
      parts.push(make("span", {}, `${words(settings.map)}: 0`, bar, `${shown(settings.isFull ? map.full : map.top, 3)} ${words(settings.map).endsWith(`(${map.unit})`) ? "" : map.unit}`));
    }
    return parts;
  },

  panels: (id, view, sheets, settings) =>
    names.map((name) => {
      const canvas = make("canvas");
      canvas.dataset.method = name;
      canvas.setAttribute("role", "img");
      paintOnto(canvas, view, sheets, settings);
      return make("figure", {}, canvas, captionOf(name, id));
    }),

  // What paper shows beside the methods: the image without any tint.
  plain: (view, sheets, settings) => {
    const canvas = make("canvas");
    canvas.dataset.method = names[0];
    paintOnto(canvas, view, sheets, { ...settings, map: "", prediction: false });
    return make("figure", {}, canvas, make("figcaption", { textContent: view.reference ? "image, reference dashed" : "image" }));
  },
};

const mapNames = (view) => [...new Set(Object.values(view.methods).flatMap((method) => Object.keys(method.maps)))];

const sliceOf = (view, sheet, slice, channels = 1) => {
  const size = view.rows * view.columns * channels;
  return sheet.subarray(slice * size, (slice + 1) * size);
};

// The image, tinted by the map: the higher the value, the stronger the tint. No tint is dark, so the image shows through.
const pixelsOf = (name, view, sheets, settings) => {
  const image = sliceOf(view, sheets.image, settings.slice, 4), sheet = sheets[name].maps[settings.map], map = view.methods[name].maps[settings.map];
  const values = sheet && sliceOf(view, sheet, settings.slice), stretch = map && settings.isFull ? map.top / map.full : 1;
  const label = sliceOf(view, sheets[name].label, settings.slice), truth = sheets.reference && sliceOf(view, sheets.reference, settings.slice);
  const drawn = new ImageData(view.columns, view.rows);
  for (let i = 0; i < label.length; i += 1) {
    let pixel = [image[4 * i], image[4 * i + 1], image[4 * i + 2]];
    if (values) {
      const value = (values[i] / 255) * stretch, share = settings.opacity * MOST_TINT * value;
      if (share > 0) pixel = tintOf(value).map((c, k) => pixel[k] * (1 - share) + c * share);
    }
    if (settings.errors && truth && label[i] !== truth[i]) pixel = pixel.map((c, k) => 0.35 * c + 0.65 * [213, 94, 0][k]);
    drawn.data.set([...pixel, 255], 4 * i);
  }
  return { drawn, label, truth };
};

// A line wherever two neighbours are of different classes, in the colour of the class that it bounds.
const outline = (context, view, labels, x, y, isReference) => {
  const width = Math.max(1.6, context.canvas.width / 280), isDashed = x >= 4 * width;
  // Dashes begin anew at each edge of a pixel. Where pixels are small, edges are left out instead.
  const run = Math.round((3 * width) / x), isLeftOut = (r, c) => isReference && !isDashed && Math.floor((r + c) / Math.max(run, 1)) % 2 === 1;
  for (let k = 1; k < data.classes.length; k += 1) {
    context.beginPath();
    for (let r = 0; r < view.rows; r += 1) {
      for (let c = 0; c < view.columns; c += 1) {
        if (isLeftOut(r, c)) continue;
        const here = labels[r * view.columns + c] === k;
        const right = c + 1 < view.columns && (labels[r * view.columns + c + 1] === k) !== here;
        const below = r + 1 < view.rows && (labels[(r + 1) * view.columns + c] === k) !== here;
        if (right) { context.moveTo((c + 1) * x, r * y); context.lineTo((c + 1) * x, (r + 1) * y); }
        if (below) { context.moveTo(c * x, (r + 1) * y); context.lineTo((c + 1) * x, (r + 1) * y); }
      }
    }
    if (isReference) {
      context.setLineDash([]);
      context.strokeStyle = "rgba(0,0,0,0.45)";
      context.lineWidth = width;
      context.stroke();
    }
    context.setLineDash(isReference && isDashed ? [2 * width, 2 * width] : []);
    context.strokeStyle = isReference ? "#ffffff" : data.colours[(k - 1) % data.colours.length];
    context.lineWidth = width;
    context.stroke();
  }
};

const paintOnto = (canvas, view, sheets, settings) => {
  const { drawn, label, truth } = pixelsOf(canvas.dataset.method, view, sheets, settings);
  const x = Math.max(Math.ceil(368 / view.columns), view.columns < 640 ? 2 : 1), y = x * view.aspect;
  canvas.width = view.columns * x;
  canvas.height = Math.round(view.rows * y);
  const small = make("canvas", { width: view.columns, height: view.rows });
  small.getContext("2d").putImageData(drawn, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (settings.prediction) outline(context, view, label, x, y, false);
  if (settings.reference && truth) outline(context, view, truth, x, y, true);
  canvas.setAttribute("aria-label", `${canvas.dataset.method}: slice ${view.slices[settings.slice]}, ${data.classes.slice(1).filter((_, k) => label.includes(k + 1)).join(", ") || "nothing"} predicted`);
};

const volumeViewer = () => {
  const controls = ["slice", "map", "opacity", "scale", "prediction", "reference", "errors"];
  let view = null, sheets = null;

  const settings = () => ({
    slice: $("slice").valueAsNumber, map: $("map").value, opacity: $("opacity").valueAsNumber / 100, isFull: $("scale").value === "full",
    prediction: $("prediction").checked, reference: $("reference").checked, errors: $("errors").checked,
  });

  const update = () => {
    if (!sheets) return;
    $("slice-shown").textContent = `${view.slices[$("slice").valueAsNumber]} of 0–${view.of - 1}`;
    for (const canvas of $("panels").querySelectorAll("canvas")) paintOnto(canvas, view, sheets, settings());
    $("legend").replaceChildren(...volumeDrawing.legend(view, settings()));
  };

  const mapChoices = () => {
    const wanted = $("map").value, listed = mapNames(view);
    $("map").replaceChildren(make("option", { value: "", textContent: "none" }), ...listed.map((name) => make("option", { value: name, textContent: words(name) })));
    $("map").value = listed.includes(wanted) ? wanted : listed[0] ?? "";
  };

  for (const id of controls) $(id).addEventListener("input", update);
  return async (id, next, isCurrent) => {
    const loaded = await volumeDrawing.read(next, mapNames(next));
    if (!isCurrent()) return;
    [view, sheets] = [next, loaded];
    mapChoices();
    $("slice").max = next.slices.length - 1;
    $("slice").value = next.start;
    $("slice-control").hidden = next.slices.length < 2;
    hideReference(next.reference);
    $("panels").replaceChildren(...volumeDrawing.panels(id, next, loaded, settings()));
    $("case-facts").textContent = volumeDrawing.facts(next);
    update();
  };
};

const hideReference = (reference) => {
  for (const control of document.querySelectorAll(".referenced")) control.hidden = !reference;
};

const cross = (x, y, size) => `M${x - size},${y}H${x + size}M${x},${y - size}V${y + size}`;

const landmarkDrawing = {
  settings: () => ({ truth: true, means: true, ellipses: true, samples: false, names: false }),
  read: async () => null,
  facts: (view) => `${view.width} × ${view.height} pixels; ${view.window}.`,
  legend: () => [],

  marks: (svg, view, found, size, settings) => {
    const titled = (element, k) => { element.append(draw("title", {}, view.names[k])); svg.append(element); };
    if (settings.samples) for (const [x, y] of found.samples) svg.append(draw("circle", { cx: x, cy: y, r: size * 0.35, fill: "#56b4e9", opacity: 0.6 }));
    if (settings.ellipses) found.ellipses.forEach(([long, short, degrees], k) => {
      const [x, y] = found.means[k];
      titled(draw("ellipse", { cx: x, cy: y, rx: long, ry: short, transform: `rotate(${degrees} ${x} ${y})`, fill: "none", stroke: "#d55e00", "stroke-width": size * 0.4 }), k);
    });
    if (settings.truth) view.truth.forEach((point, k) => point && titled(draw("path", { d: cross(...point, size * 2), stroke: "#e69f00", "stroke-width": size * 0.5 }), k));
    if (settings.names) found.means.forEach(([x, y], k) => svg.append(draw("text", { x: x + size * 1.5, y: y - size, "font-size": size * 3, fill: "#fff", stroke: "#000", "stroke-width": size * 0.6, "paint-order": "stroke" }, view.names[k])));
    if (settings.means) found.means.forEach(([x, y], k) => titled(draw("circle", { cx: x, cy: y, r: size * 0.8, fill: "#f0e442", stroke: "#000", "stroke-width": size * 0.15 }), k));
  },

  panels: (id, view, _, settings) =>
    names.map((name) => {
      const svg = draw("svg", { viewBox: `-0.5 ${-0.5 * view.aspect} ${view.width} ${view.height * view.aspect}`, role: "img", "aria-label": `${name}: landmarks on ${id}` });
      const scaled = draw("g", { transform: `scale(1 ${view.aspect})` });
      scaled.append(draw("image", { href: view.image, x: -0.5, y: -0.5, width: view.width, height: view.height, preserveAspectRatio: "none" }));
      landmarkDrawing.marks(scaled, view, view.methods[name], Math.max(view.width, view.height) / 120, settings);
      svg.append(scaled);
      return make("figure", {}, svg, captionOf(name, id));
    }),
};

const landmarkViewer = () => {
  let view = null, current = null;
  const controls = ["truth", "means", "ellipses", "samples", "names"];
  const settings = () => Object.fromEntries(controls.map((id) => [id, $(id).checked]));
  const update = () => view && $("panels").replaceChildren(...landmarkDrawing.panels(current, view, null, settings()));
  for (const id of controls) $(id).addEventListener("input", update);
  return async (id, next) => {
    [view, current] = [next, id];
    hideReference(view.truth.length);
    $("case-facts").textContent = landmarkDrawing.facts(view);
    update();
  };
};

const classDrawing = {
  settings: () => null,
  read: async () => null,
  legend: () => [],
  facts: (view) => (view.truth ? `True class: ${view.truth}. Bars: the five most probable classes, the true one in blue.` : "Bars: the five most probable classes; the true one is not known."),

  bars: (view, method) => {
    const listed = view.classes.map((name, k) => [name, method.probabilities[k]]).sort((a, b) => b[1] - a[1]).slice(0, 5);
    return make("div", { className: "bars" }, ...listed.flatMap(([name, p]) => {
      const bar = make("span", { className: !view.truth || name === view.truth ? "bar" : "bar wrong" });
      bar.style.width = `${100 * p}%`;
      return [make("span", { textContent: name }), bar, make("span", { textContent: `${(100 * p).toFixed(1)} %` })];
    }));
  },

  panels: (id, view) => {
    const picture = make("img", { src: view.image, alt: `image of case ${id}` });
    picture.style.aspectRatio = `${view.width} / ${view.height * view.aspect}`;
    const image = make("figure", {}, picture, make("figcaption", { textContent: `${view.width} × ${view.height} pixels; ${view.window}` }));
    return [image, ...names.map((name) => make("figure", {}, captionOf(name, id), classDrawing.bars(view, view.methods[name])))];
  },
};

const classViewer = () => async (id, view) => {
  $("case-facts").textContent = classDrawing.facts(view);
  $("panels").replaceChildren(...classDrawing.panels(id, view));
};

const VIEWERS = { segmentation: volumeViewer, landmarks: landmarkViewer, classification: classViewer };
const DRAWINGS = { segmentation: volumeDrawing, landmarks: landmarkDrawing, classification: classDrawing };
const viewOf = (id) => JSON.parse(embedded.get(id).textContent);

if (embedded.size) {
  const chooser = $("case"), show = VIEWERS[data.task]();
  const orders = [["Worst first", data.worst], ["Least certain first", data.uncertain]].filter(([, ids]) => ids.length);
  for (const [label, ids] of orders.length ? orders : [["Cases", [...embedded.keys()]]]) {
    chooser.append(make("optgroup", { label }, ...ids.map((id) => make("option", { value: id, textContent: id }))));
  }
  const open = () => show(chooser.value, viewOf(chooser.value), ((id) => () => chooser.value === id)(chooser.value));
  const move = (step) => {
    chooser.selectedIndex = Math.min(Math.max(chooser.selectedIndex + step, 0), chooser.options.length - 1);
    open();
  };
  openCase = (id) => {
    chooser.value = id;
    open();
  };
  chooser.addEventListener("change", open);
  $("previous").addEventListener("click", () => move(-1));
  $("next").addEventListener("click", () => move(1));
  open();
}
