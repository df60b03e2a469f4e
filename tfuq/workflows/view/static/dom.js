// Elements of the page. Every text is set as text, never as markup.

export const byId = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function fillSelect(select, options, chosen) {
  select.replaceChildren(...options.map(([value, text]) => {
    const option = make("option", { value }, text);
    option.selected = value === chosen;
    return option;
  }));
}

// Colours that people with colour blindness tell apart (Okabe and Ito), as [red, green, blue].
const COLOURS = [[230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [213, 94, 0], [204, 121, 167], [120, 160, 255]];

export const colourOf = (number) => COLOURS[number % COLOURS.length];

export const asCss = ([red, green, blue]) => `rgb(${red}, ${green}, ${blue})`;

export function legendEntry(number, name) {
  const swatch = makeSvg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
  swatch.append(makeSvg("rect", { width: 10, height: 10, rx: 2, fill: asCss(colourOf(number)) }));
  return make("li", {}, swatch, name);
}

export function rounded(value) {
  if (value === null || value === undefined) return "–";
  return String(Number(value.toPrecision(4)));
}
