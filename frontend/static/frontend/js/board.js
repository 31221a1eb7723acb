/* The board asks every 15 seconds; when it changes, open menus stay open and the focus stays where it was. */
let open = [];
let focused = "";

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "board") return;
  open = [...document.querySelectorAll("#board details[open]")].map((menu) => menu.id);
  focused = event.detail.target.contains(document.activeElement) ? document.activeElement.id || document.activeElement.closest("[id]")?.id : "";
});

document.addEventListener("htmx:afterSwap", () => {
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const place = focused && document.getElementById(focused);
  if (place) (place.matches("button, a, summary") ? place : place.querySelector("summary, a, button"))?.focus({ preventScroll: true });
  open = [];
  focused = "";
});

/* Whoever comes back to the tab sees the day as it is now. */
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") document.getElementById("board")?.dispatchEvent(new Event("look-again"));
});

/* One menu at a time; Escape and a tap elsewhere close it. */
function closeOthers(kept) {
  for (const menu of document.querySelectorAll("details.more[open]")) if (menu !== kept) menu.open = false;
}
document.addEventListener("click", (event) => closeOthers(event.target.closest("details.more")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.more[open]");
  closeOthers(null);
  menu?.querySelector("summary").focus();
});
