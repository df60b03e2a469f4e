
// What paper shows of cases: each of the first ones with all methods. It goes on where viewer.js ends.

const MOST_PRINTED = 6;
const MOST_ACROSS = 3;

const galleryCase = async (id) => {
  const drawing = DRAWINGS[data.task], view = viewOf(id), settings = drawing.settings(view);
  const sheets = await drawing.read(view, [settings?.map]);
  const panels = make("div", { className: "panels" }, ...drawing.panels(id, view, sheets, settings));
  const across = Math.min(Math.max(panels.children.length, 2), MOST_ACROSS);
  panels.style.gridTemplateColumns = `repeat(${across}, minmax(0, 1fr))`;
  const slice = view.of > 1 ? `, slice ${view.slices[view.start]} of 0–${view.of - 1}` : "";
  return make(
    "div",
    { className: "gallery-case" },
    make("h3", { textContent: `${id}${slice}` }),
    make("div", { className: "legend" }, ...drawing.legend(view, settings)),
    panels,
    make("p", { className: "note", textContent: drawing.facts(view) }),
  );
};

const fillGallery = async () => {
  const ids = [...embedded.keys()].slice(0, MOST_PRINTED);
  for (const id of ids) $("gallery").append(await galleryCase(id));
  if (embedded.size > ids.length) $("gallery").append(make("p", { className: "note", textContent: `The first ${ids.length} of ${embedded.size} cases with pictures are printed; the others are in the HTML file.` }));
  $("gallery").dataset.isWhole = "yes";
};

if (embedded.size) fillGallery();
