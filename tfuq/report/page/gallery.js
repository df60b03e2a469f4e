
// What paper shows of cases: each of the first ones with all methods. It goes on where viewer.js ends.

const MOST_PRINTED = 6;
const MOST_ACROSS = 3; // panels
const MOST_SMALL_ACROSS = 6;
const SMALL = 160; // pixels

const galleryCase = async (id) => {
  const drawing = DRAWINGS[data.task], view = viewOf(id), settings = drawing.settings(view);
  const sheets = await drawing.read(view, [settings?.map]);
  const panels = make("div", { className: "panels" }, ...drawing.panels(id, view, sheets, settings));
  if (drawing.plain) panels.prepend(drawing.plain(view, sheets, settings));
  const count = panels.children.length, most = (view.columns ?? view.width) <= SMALL ? MOST_SMALL_ACROSS : MOST_ACROSS;
  const across = count <= 4 ? Math.max(count, 2) : Math.ceil(count / Math.ceil(count / most));
  panels.style.gridTemplateColumns = `repeat(${across}, minmax(0, 1fr))`;
  const slice = view.of > 1 ? `, slice ${view.slices[view.start]} of 0–${view.of - 1}` : "";
  return make(
    "div",
    { className: across < count ? "gallery-case" : "gallery-case one-row" },
    make("div", { className: "gallery-head" }, make("h3", { textContent: `${id}${slice}` }), make("div", { className: "legend" }, ...drawing.legend(view, settings))),
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
