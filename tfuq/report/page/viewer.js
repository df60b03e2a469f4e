// Looking at cases: one viewer for each task. It goes on where page.js ends.

const captionOf = (method, id) => {
  const quality = data.methods[method][data.quality.name][data.ids.indexOf(id)];
  return make("figcaption", {}, make("strong", { textContent: data.headings[method] }), ` ${words(data.quality.name)} ${shown(quality)}`);
};

const loadPicture = (address) =>
  new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("a picture in this file is damaged"));
    image.src = address;
  });

const bytesOf = async (address) => {
  const image = await loadPicture(address);
  const canvas = make("canvas", { width: image.width, height: image.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data: rgba } = context.getImageData(0, 0, image.width, image.height);
  const values = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < values.length; i += 1) values[i] = rgba[4 * i];
  return values;
};

const hex = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

const volumeViewer = () => {
  const ramp = data.ramp.map(hex), controls = ["slice", "map", "opacity", "scale", "prediction", "reference", "errors"];
  let view = null, sheets = null;

  const colourOf = (value) => {
    const place = Math.min(value, 1) * (ramp.length - 1), low = Math.floor(place), high = Math.min(low + 1, ramp.length - 1);
    return ramp[low].map((c, k) => c + (ramp[high][k] - c) * (place - low));
  };

  const sliceOf = (sheet) => {
    const size = view.rows * view.columns;
    return sheet.subarray($("slice").valueAsNumber * size, ($("slice").valueAsNumber + 1) * size);
  };

  const paint = (name) => {
    const grey = sliceOf(sheets.image), truth = sliceOf(sheets.reference), label = sliceOf(sheets[name].label);
    const map = sheets[name].maps[$("map").value], values = map && sliceOf(map), drawn = new ImageData(view.columns, view.rows);
    const found = view.methods[name].maps[$("map").value];
    const stretch = found && $("scale").value === "full" ? found.top / found.full : 1, opacity = $("opacity").valueAsNumber / 100;
    for (let i = 0; i < grey.length; i += 1) {
      let pixel = [grey[i], grey[i], grey[i]];
      if (values) {
        const value = (values[i] / 255) * stretch, share = opacity * Math.sqrt(value);
        pixel = colourOf(value).map((c, k) => pixel[k] * (1 - share) + c * share);
      }
      if ($("errors").checked && label[i] !== truth[i]) pixel = pixel.map((c, k) => 0.35 * c + 0.65 * [213, 94, 0][k]);
      drawn.data.set([...pixel, 255], 4 * i);
    }
    return { drawn, label, truth };
  };

  // A line wherever two neighbours are of different classes, in the colour of the class that it bounds.
  const outline = (context, labels, x, y, dashes) => {
    for (let k = 1; k < data.classes.length; k += 1) {
      context.beginPath();
      for (let r = 0; r < view.rows; r += 1) {
        for (let c = 0; c < view.columns; c += 1) {
          const here = labels[r * view.columns + c] === k;
          const right = c + 1 < view.columns && (labels[r * view.columns + c + 1] === k) !== here;
          const below = r + 1 < view.rows && (labels[(r + 1) * view.columns + c] === k) !== here;
          if (right) { context.moveTo((c + 1) * x, r * y); context.lineTo((c + 1) * x, (r + 1) * y); }
          if (below) { context.moveTo(c * x, (r + 1) * y); context.lineTo((c + 1) * x, (r + 1) * y); }
        }
      }
      context.setLineDash(dashes);
      context.strokeStyle = dashes.length ? "#ffffff" : data.colours[(k - 1) % data.colours.length];
      context.lineWidth = 1.6;
      context.stroke();
    }
  };

  const paintOnto = (canvas) => {
    const { drawn, label, truth } = paint(canvas.dataset.method);
    const x = Math.max(Math.ceil(368 / view.columns), 2), y = x * view.aspect;
    canvas.width = view.columns * x;
    canvas.height = Math.round(view.rows * y);
    const small = make("canvas", { width: view.columns, height: view.rows });
    small.getContext("2d").putImageData(drawn, 0, 0);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    if ($("prediction").checked) outline(context, label, x, y, []);
    if ($("reference").checked) outline(context, truth, x, y, [3, 3]);
    canvas.setAttribute("aria-label", `${canvas.dataset.method}: slice ${view.slices[$("slice").valueAsNumber]}, ${data.classes.slice(1).filter((_, k) => label.includes(k + 1)).join(", ") || "nothing"} predicted`);
  };

  const legend = () => {
    const parts = data.classes.slice(1).map((name, k) => {
      const swatch = make("span", { className: "swatch" });
      swatch.style.borderTopColor = data.colours[k % data.colours.length];
      return make("span", {}, swatch, name);
    });
    const map = Object.values(view.methods).map((method) => method.maps[$("map").value]).find(Boolean);
    if (map) {
      const bar = make("span", { className: "bar" });
      bar.style.background = `linear-gradient(to right, ${data.ramp.join(",")})`;
      parts.push(make("span", {}, `${words($("map").value)}: 0`, bar, `${shown($("scale").value === "full" ? map.full : map.top, 3)} ${map.unit}`));
    }
    $("legend").replaceChildren(...parts);
  };

  const update = () => {
    if (!sheets) return;
    $("slice-shown").textContent = `${view.slices[$("slice").valueAsNumber]} of 0–${view.of - 1}`;
    for (const canvas of $("panels").querySelectorAll("canvas")) paintOnto(canvas);
    legend();
  };

  const read = async (next) => {
    const result = { image: await bytesOf(next.image), reference: await bytesOf(next.reference) };
    for (const [name, method] of Object.entries(next.methods)) {
      result[name] = { label: await bytesOf(method.label), maps: {} };
      for (const [map, { sheet }] of Object.entries(method.maps)) result[name].maps[map] = await bytesOf(sheet);
    }
    return result;
  };

  const mapChoices = (next) => {
    const wanted = $("map").value, found = [...new Set(Object.values(next.methods).flatMap((method) => Object.keys(method.maps)))];
    $("map").replaceChildren(make("option", { value: "", textContent: "none" }), ...found.map((name) => make("option", { value: name, textContent: words(name) })));
    $("map").value = found.includes(wanted) ? wanted : found[0] ?? "";
  };

  for (const id of controls) $(id).addEventListener("input", update);
  return async (id, next, isCurrent) => {
    const loaded = await read(next);
    if (!isCurrent()) return;
    [view, sheets] = [next, loaded];
    mapChoices(next);
    $("slice").max = next.slices.length - 1;
    $("slice").value = next.start;
    $("panels").replaceChildren(...names.map((name) => {
      const canvas = make("canvas");
      canvas.dataset.method = name;
      canvas.setAttribute("role", "img");
      return make("figure", {}, canvas, captionOf(name, id));
    }));
    const step = next.step > 1 ? `, one of ${next.step} pixels along each side` : "";
    $("case-facts").textContent = `${next.slices.length} of ${next.of} slices along axis ${next.axis} are in this file${step}; first the one with the most wrong voxels.`;
    update();
  };
};

const landmarkViewer = () => {
  let view = null, current = null;
  const controls = ["truth", "means", "ellipses", "samples", "names"];

  const cross = (x, y, size) => `M${x - size},${y}H${x + size}M${x},${y - size}V${y + size}`;

  const marks = (svg, found, size) => {
    const titled = (element, k) => { element.append(draw("title", {}, view.names[k])); svg.append(element); };
    if ($("samples").checked) for (const [x, y] of found.samples) svg.append(draw("circle", { cx: x, cy: y, r: size * 0.35, fill: "#56b4e9", opacity: 0.6 }));
    if ($("ellipses").checked) found.ellipses.forEach(([long, short, degrees], k) => {
      const [x, y] = found.means[k];
      titled(draw("ellipse", { cx: x, cy: y, rx: long, ry: short, transform: `rotate(${degrees} ${x} ${y})`, fill: "none", stroke: "#d55e00", "stroke-width": size * 0.4 }), k);
    });
    if ($("truth").checked) view.truth.forEach((point, k) => point && titled(draw("path", { d: cross(...point, size * 2), stroke: "#e69f00", "stroke-width": size * 0.5 }), k));
    if ($("names").checked) found.means.forEach(([x, y], k) => svg.append(draw("text", { x: x + size * 1.5, y: y - size, "font-size": size * 3, fill: "#fff", stroke: "#000", "stroke-width": size * 0.6, "paint-order": "stroke" }, view.names[k])));
    if ($("means").checked) found.means.forEach(([x, y], k) => titled(draw("circle", { cx: x, cy: y, r: size * 0.8, fill: "#f0e442", stroke: "#000", "stroke-width": size * 0.15 }), k));
  };

  const panel = (name) => {
    const svg = draw("svg", { viewBox: `-0.5 -0.5 ${view.width} ${view.height}`, role: "img", "aria-label": `${name}: landmarks on ${current}` });
    svg.append(draw("image", { href: view.image, x: -0.5, y: -0.5, width: view.width, height: view.height, preserveAspectRatio: "none" }));
    marks(svg, view.methods[name], Math.max(view.width, view.height) / 120);
    return make("figure", {}, svg, captionOf(name, current));
  };

  const update = () => view && $("panels").replaceChildren(...names.map(panel));
  for (const id of controls) $(id).addEventListener("input", update);
  return async (id, next) => {
    [view, current] = [next, id];
    $("case-facts").textContent = `${next.width} × ${next.height} pixels.`;
    update();
  };
};

const classViewer = () => {
  const bars = (view, found) => {
    const listed = view.classes.map((name, k) => [name, found.probabilities[k]]).sort((a, b) => b[1] - a[1]).slice(0, 5);
    return make("div", { className: "bars" }, ...listed.flatMap(([name, p]) => {
      const bar = make("span", { className: name === view.truth ? "bar" : "bar wrong" });
      bar.style.width = `${100 * p}%`;
      return [make("span", { textContent: name }), bar, make("span", { textContent: `${(100 * p).toFixed(1)} %` })];
    }));
  };
  return async (id, view) => {
    $("case-facts").textContent = `True class: ${view.truth}. Bars: the five most probable classes, the true one in blue.`;
    const image = make("figure", {}, make("img", { src: view.image, alt: `image of case ${id}` }), make("figcaption", { textContent: `${view.width} × ${view.height} pixels` }));
    $("panels").replaceChildren(image, ...names.map((name) => make("figure", {}, captionOf(name, id), bars(view, view.methods[name]))));
  };
};

if (embedded.size) {
  const chooser = $("case");
  const show = { segmentation: volumeViewer, landmarks: landmarkViewer, classification: classViewer }[data.task]();
  for (const [label, ids] of [["Worst first", data.worst], ["Least certain first", data.uncertain]]) {
    if (ids.length) chooser.append(make("optgroup", { label }, ...ids.map((id) => make("option", { value: id, textContent: id }))));
  }
  const open = () => show(chooser.value, JSON.parse(embedded.get(chooser.value).textContent), ((id) => () => chooser.value === id)(chooser.value));
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
