/* Says so when the reader's device is in another time zone than the clinic. It never converts a time. */
for (const note of document.querySelectorAll("[data-zone]")) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const shown = (zone) => new Date().toLocaleString("en-CA", { timeZone: zone });
  if (here && shown(here) !== shown(note.dataset.zone)) note.textContent = note.dataset.note;
}
