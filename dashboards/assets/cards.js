/* Buttons of cards: data-save names the figure, data-format what of it is saved. */
document.addEventListener("click", (event) => {
  const { save, format } = event.target.closest?.("[data-save]")?.dataset ?? {};
  if (!save) return;
  if (format === "csv") return saveText(`${save}.csv`, document.querySelector(`[data-csv="${save}"]`));
  const drawn = document.getElementById(save)?.querySelector(".js-plotly-plot");
  if (!drawn) return;
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
