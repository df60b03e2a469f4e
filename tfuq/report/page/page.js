"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const names = Object.keys(data.methods);
  const LINES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const DASHES = ["", "7 3", "2 3", "9 3 2 3", "4 4", "1 4"];
  const words = (name) => data.labels[name] ?? name.replaceAll("_", " ");
  const shown = (value, digits = 4) => (value === null || value === undefined ? "–" : String(Number(value.toPrecision(digits))));
  const mean = (values) => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : null);

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const draw = (tag, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Numbers by value, words by their order, empty cells last whichever way.
  const byValue = (direction) => (a, b) => {
    if (a === b) return 0;
    if (a === null || a === "") return 1;
    if (b === null || b === "") return -1;
    const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    return direction * order;
  };

  const markSorted = (header, direction) => {
    for (const other of header.parentElement.children) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  };

  const cellValue = (row, column) => {
    const text = row.cells[column].textContent.trim();
    return /^[-+]?(\d|\.\d)/.test(text) && !Number.isNaN(parseFloat(text)) ? parseFloat(text) : text;
  };

  const sortTable = (table, header) => {
    const direction = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const rows = [...table.tBodies[0].rows].map((row) => [cellValue(row, header.cellIndex), row]);
    const compare = byValue(direction);
    rows.sort((a, b) => compare(a[0], b[0]));
    table.tBodies[0].append(...rows.map((pair) => pair[1]));
    markSorted(header, direction);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const header of table.tHead.rows[0].cells) {
      header.querySelector("button").addEventListener("click", () => sortTable(table, header));
    }
  }

  // ---- the operating point -------------------------------------------------------------------------------------------

  const sign = (measure) => (data.certainties.includes(measure) ? 1 : -1);

  // Quality of the cases from the least to the most certain; those that the measure does not tell apart count with their mean.
  const ordered = (method, measure) => {
    const quality = data.methods[method][data.quality.name], values = data.methods[method][measure];
    if (!values) return null;
    const pairs = quality.map((q, i) => [values[i], q]).filter(([m, q]) => m !== null && q !== null);
    pairs.sort((a, b) => sign(measure) * (a[0] - b[0]));
    const result = [];
    for (let start = 0; start < pairs.length; ) {
      let end = start;
      while (end < pairs.length && pairs[end][0] === pairs[start][0]) end += 1;
      const level = mean(pairs.slice(start, end).map((pair) => pair[1]));
      for (; start < end; start += 1) result.push(level);
    }
    return result;
  };

  const keptRow = (name, place, quality, share) => {
    const title = make("th", { scope: "row" }, make("span", { className: "swatch" }), name);
    title.firstChild.style.borderTopColor = LINES[place % LINES.length];
    if (!quality) return make("tr", {}, title, make("td", { colSpan: 4, textContent: "has no such measure, or it does not vary" }));
    const sent = Math.round(share * quality.length);
    const cells = [`${sent} of ${quality.length}`, shown(mean(quality.slice(sent))), shown(mean(quality.slice(0, sent))), shown(mean(quality))];
    return make("tr", {}, title, ...cells.map((text) => make("td", { textContent: text })));
  };

  // Mean quality of the cases kept, by the share sent, at no more points than a screen shows.
  const keptMeans = (quality) => {
    const count = quality.length, points = [], step = Math.max(Math.floor(count / 400), 1);
    let sum = 0;
    for (let k = count - 1; k >= 0; k -= 1) {
      sum += quality[k];
      if (k % step === 0 && k <= 0.95 * count) points.unshift([k / count, sum / (count - k)]);
    }
    return points;
  };

  const drawCurves = (curves, share) => {
    const svg = $("curve"), left = 52, right = 400, top = 12, bottom = 222;
    const points = curves.map((quality) => quality && keptMeans(quality));
    const all = points.filter(Boolean).flat().map((point) => point[1]);
    const low = Math.min(...all), high = Math.max(...all), span = high - low || Math.abs(high) || 1;
    const x = (value) => left + value * (right - left), y = (value) => bottom - ((value - low) / span) * (bottom - top - 8);
    svg.replaceChildren();
    for (const value of [0, 0.25, 0.5, 0.75, 1]) svg.append(draw("text", { x: x(value), y: bottom + 16, "text-anchor": "middle" }, `${value * 100} %`));
    for (const value of [low, low + span / 2, low + span]) {
      svg.append(draw("line", { x1: left, x2: right, y1: y(value), y2: y(value), stroke: "currentColor", opacity: 0.15 }));
      svg.append(draw("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, shown(value, 3)));
    }
    svg.append(draw("text", { x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" }, `share sent; the line is the mean ${words(data.quality.name)} of those kept`));
    svg.append(draw("line", { x1: x(share), x2: x(share), y1: top, y2: bottom, stroke: "currentColor", "stroke-dasharray": "3 3" }));
    points.forEach((curve, i) => {
      if (!curve) return;
      const path = curve.map(([s, q]) => `${x(s).toFixed(1)},${y(q).toFixed(1)}`).join(" ");
      svg.append(draw("polyline", { points: path, fill: "none", stroke: LINES[i % LINES.length], "stroke-width": 2, "stroke-dasharray": DASHES[i % DASHES.length] }));
    });
  };

  if (data.measures.length) {
    const measure = $("measure"), share = $("share");
    let measured = null, curves = [];
    const update = () => {
      const value = share.valueAsNumber / 100;
      if (measured !== measure.value) {
        measured = measure.value;
        curves = names.map((name) => ordered(name, measured));
      }
      $("share-shown").textContent = `${share.value} %`;
      $("kept-caption").textContent = `Mean ${words(data.quality.name)} (${data.quality.better} is better)`;
      $("kept").replaceChildren(...names.map((name, i) => keptRow(name, i, curves[i], value)));
      drawCurves(curves, value);
    };
    measure.addEventListener("change", update);
    share.addEventListener("input", update);
    update();
  }

  // ---- all cases -----------------------------------------------------------------------------------------------------

  const MOST_ROWS = 200;
  const embedded = new Map([...document.querySelectorAll("script.picture")].map((script) => [script.dataset.case, script]));
  const order = { column: data.quality.name, direction: data.quality.better === "higher" ? 1 : -1 };
  let openCase = () => {};

  const caseCell = (id) => {
    if (!embedded.has(id)) return make("th", { scope: "row", textContent: id });
    const button = make("button", { type: "button", textContent: id, title: "Look at this case" });
    button.addEventListener("click", () => {
      openCase(id);
      $("look").scrollIntoView();
      $("case").focus();
    });
    return make("th", { scope: "row" }, button);
  };

  const caseHeader = (column) => {
    const button = make("button", { type: "button", textContent: words(column) });
    const header = make("th", { scope: "col" }, button);
    if (column === order.column) header.setAttribute("aria-sort", order.direction > 0 ? "ascending" : "descending");
    button.addEventListener("click", () => {
      order.direction = column === order.column ? -order.direction : 1;
      order.column = column;
      fillCases();
      [...$("cases-head").cells].find((cell) => cell.hasAttribute("aria-sort")).firstChild.focus();
    });
    return header;
  };

  const fillCases = () => {
    const columns = data.methods[$("method").value], listed = Object.keys(columns);
    if (order.column !== "case" && !columns[order.column]) Object.assign(order, { column: "case", direction: 1 });
    const compare = byValue(order.direction), keys = order.column === "case" ? data.ids : columns[order.column];
    const rows = data.ids.map((_, i) => i).sort((a, b) => compare(keys[a], keys[b]));
    $("cases-head").replaceChildren(caseHeader("case"), ...listed.map(caseHeader));
    $("cases-body").replaceChildren(
      ...rows.slice(0, MOST_ROWS).map((i) => make("tr", {}, caseCell(data.ids[i]), ...listed.map((name) => make("td", { textContent: shown(columns[name][i]) })))),
    );
    const cut = rows.length > MOST_ROWS ? ` The first ${MOST_ROWS} of ${rows.length} are listed.` : "";
    $("cases-note").textContent = `Ordered by ${words(order.column)}, ${order.direction > 0 ? "smallest" : "largest"} first.${cut}`;
  };

  $("method").addEventListener("change", fillCases);
  $("worst-first").addEventListener("click", () => {
    Object.assign(order, { column: data.quality.name, direction: data.quality.better === "higher" ? 1 : -1 });
    fillCases();
  });
  $("uncertain-first")?.addEventListener("click", () => {
    const columns = data.methods[$("method").value], measure = data.measures.find((name) => columns[name]);
    if (measure) Object.assign(order, { column: measure, direction: sign(measure) });
    fillCases();
  });
  fillCases();

  // ---- looking at cases ----------------------------------------------------------------------------------------------

  const captionOf = (method, id) => {
    const quality = data.methods[method][data.quality.name][data.ids.indexOf(id)];
    return make("figcaption", {}, make("strong", { textContent: method }), ` ${words(data.quality.name)} ${shown(quality)}`);
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
})();
