// Tables that sort, the operating point, and the list of all cases. The page puts this and viewer.js into one function.

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
  const title = make("th", { scope: "row" }, make("span", { className: "swatch" }), data.headings[name]);
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

if (data.quality && data.measures.length) {
  const measure = $("measure"), share = $("share");
  for (const option of measure.options) option.textContent = words(option.value);
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
const MOST_PRINTED_ROWS = 60;
const embedded = new Map([...document.querySelectorAll("script.picture")].map((script) => [script.dataset.case, script]));
const byQuality = () => ({ column: data.quality.name, direction: data.quality.better === "higher" ? 1 : -1 });
const byCertainty = () => {
  const columns = data.methods[$("method").value], measure = data.measures.find((name) => columns[name]);
  return measure ? { column: measure, direction: sign(measure) } : { column: "case", direction: 1 };
};
const order = data.quality ? byQuality() : byCertainty();
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
  const [arrow, meaning] = data.meanings[column] ?? ["", ""];
  const button = make("button", { type: "button", textContent: words(column), title: meaning });
  const header = make("th", { scope: "col", className: paperClass(column) }, button, make("span", { className: "paper", textContent: words(column) }));
  if (arrow) header.append(" ", make("abbr", { textContent: arrow, title: meaning }));
  if (column === order.column) header.setAttribute("aria-sort", order.direction > 0 ? "ascending" : "descending");
  button.addEventListener("click", () => {
    order.direction = column === order.column ? -order.direction : 1;
    order.column = column;
    fillCases();
    [...$("cases-head").cells].find((cell) => cell.hasAttribute("aria-sort")).firstChild.focus();
  });
  return header;
};

const paperClass = (column) => (column === "case" || data.printed.includes(column) ? "" : "unprinted");

const fillCases = () => {
  const columns = data.methods[$("method").value], listed = Object.keys(columns);
  if (order.column !== "case" && !columns[order.column]) Object.assign(order, { column: "case", direction: 1 });
  const compare = byValue(order.direction), keys = order.column === "case" ? data.ids : columns[order.column];
  const rows = data.ids.map((_, i) => i).sort((a, b) => compare(keys[a], keys[b]));
  $("cases-head").replaceChildren(caseHeader("case"), ...listed.map(caseHeader));
  $("cases-body").replaceChildren(
    ...rows.slice(0, MOST_ROWS).map((i, place) => make("tr", { className: place < MOST_PRINTED_ROWS ? "" : "unprinted" }, caseCell(data.ids[i]), ...listed.map((name) => make("td", { className: paperClass(name), textContent: shown(columns[name][i]) })))),
  );
  const cut = rows.length > MOST_ROWS ? ` The first ${MOST_ROWS} of ${rows.length} are listed.` : "";
  $("cases-note").textContent = `Ordered by ${words(order.column)}, ${order.direction > 0 ? "smallest" : "largest"} first.${cut}`;
  if (rows.length > MOST_PRINTED_ROWS) $("cases-note").append(make("span", { className: "paper", textContent: `The first ${MOST_PRINTED_ROWS} are printed.` }));
};

$("method").addEventListener("change", fillCases);
$("worst-first")?.addEventListener("click", () => {
  Object.assign(order, byQuality());
  fillCases();
});
$("uncertain-first")?.addEventListener("click", () => {
  Object.assign(order, byCertainty());
  fillCases();
});
fillCases();
