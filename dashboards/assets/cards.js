/* Figures of cards: each is drawn when the reader comes near, and again when its numbers change. */
const figures = new Map(); /* what is to be drawn, or is, by its element */
const near = new IntersectionObserver(
  (seen) => seen.filter((one) => one.isIntersecting).forEach((one) => drawFigure(one.target)),
  { rootMargin: "400px" },
);

function groundswellFigures(held) {
  for (const element of figures.keys()) if (!element.isConnected) forgetFigure(element);
  for (const one of held) {
    const element = document.getElementById(one.id);
    const before = figures.get(element);
    if (!element || before?.figure === one.figure) continue;
    figures.set(element, { ...one, drawn: before?.drawn });
    if (before?.drawn) drawFigure(element);
    else near.observe(element);
  }
  if (held.length) plotly(); /* it is there before the reader has come to the first */
  return figures.size;
}

async function drawFigure(element) {
  near.unobserve(element);
  await plotly();
  const held = figures.get(element);
  if (!held || !element.isConnected) return;
  const isNew = !held.drawn;
  held.drawn = true;
  const { data, layout } = held.figure;
  await window.Plotly.react(element, data, layout, held.config);
  if (isNew) hearFigure(element, held);
}

function hearFigure(element, { moved, clicked }) {
  const tell = (id, data) => dash_clientside.set_props(id, { data });
  if (moved) element.on("plotly_relayout", (change) => tell(moved, change));
  if (!clicked) return;
  element.on("plotly_click", ({ points: [{ customdata, x, y }] }) => tell(clicked, { customdata, x, y }));
}

function forgetFigure(element) {
  if (figures.get(element).drawn) window.Plotly.purge(element);
  figures.delete(element);
}

let loading;
function plotly() {
  if (window.Plotly) return Promise.resolve();
  loading ??= new Promise((done) => {
    const script = { src: window._dashPlotlyJSURL, onload: done };
    document.head.append(Object.assign(document.createElement("script"), script));
  });
  return loading;
}

/* While the server makes the page, the browser gets ready to draw: the script is asked for in the
   head of pages that have figures. */
function groundswellSoon() {
  if (document.querySelector("link[rel=preload][as=script]")) setTimeout(plotly);
}

/* Paper shows all of a page. */
window.addEventListener("beforeprint", () => [...figures.keys()].forEach(drawFigure));

/* Tables of cards: made when their fold is opened, and made anew while it is open. */
document.addEventListener(
  "toggle",
  ({ target }) => {
    for (const place of target.open ? target.querySelectorAll("[data-table]") : []) {
      const held = place.querySelector("pre");
      makeTable(place, held);
      new MutationObserver(() => makeTable(place, held))
        .observe(held, { characterData: true, childList: true, subtree: true });
    }
  },
  true,
);

function makeTable(place, held) {
  const { caption, head, columns, words, lang } = JSON.parse(held.textContent);
  const whole = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
  const part = new Intl.NumberFormat(lang, { maximumFractionDigits: 2 });
  const said = (value) => {
    if (typeof value !== "number") return words[value] ?? value;
    return (Math.abs(value) < 100 ? part : whole).format(value);
  };
  const table = document.createElement("table");
  table.createCaption().textContent = caption;
  const heads = table.createTHead().insertRow();
  for (const name of head) {
    heads.append(Object.assign(document.createElement("th"), { scope: "col", textContent: name }));
  }
  const body = table.createTBody();
  for (let n = 0; n < (columns[0]?.length ?? 0); n += 1) {
    const row = body.insertRow();
    for (const values of columns) row.insertCell().textContent = said(values[n]);
  }
  place.querySelector("table")?.remove();
  place.append(table);
}

/* Buttons of cards: data-save names the figure, data-format what of it is saved. */
document.addEventListener("click", async (event) => {
  const { save, format } = event.target.closest?.("[data-save]")?.dataset ?? {};
  if (!save) return;
  if (format === "csv") return saveText(`${save}.csv`, document.querySelector(`[data-csv="${save}"]`));
  const drawn = document.getElementById(save);
  if (!figures.has(drawn)) return;
  await drawFigure(drawn);
  const { width, height } = drawn.getBoundingClientRect();
  const size = { width: Math.round(width), height: Math.round(height), scale: 2 };
  window.Plotly.downloadImage(drawn, { format, filename: save, ...size });
});

function saveText(name, held) {
  /* The mark in front makes spreadsheets read it as UTF-8. */
  const blob = new Blob(["\ufeff", held.textContent], { type: "text/csv" });
  const link = Object.assign(document.createElement("a"), {
    href: URL.createObjectURL(blob),
    download: name,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
