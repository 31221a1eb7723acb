/* The body picture: a tap on a region ticks the box of the same region in the list beside it. The list is the real
   form; the picture only follows it (public.css fills what is ticked). */

for (const picker of document.querySelectorAll(".body-picker")) {
  const picture = picker.querySelector(".body-picture");
  const boxOf = (region) => picker.querySelector(`input[value="${CSS.escape(region)}"]`);
  const shapesOf = (region) => picture.querySelectorAll(`[data-region="${CSS.escape(region)}"]`);
  if (!picture) continue;
  picture.setAttribute("data-live", "");

  picture.addEventListener("click", (event) => {
    const region = event.target.closest("[data-region]")?.dataset.region;
    const box = region && boxOf(region);
    if (!box || box.disabled) return;
    box.checked = box.type === "radio" || !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });

  const mark = (region, on) => {
    for (const shape of shapesOf(region)) shape.toggleAttribute("data-hover", on);
    boxOf(region)?.closest(".choice")?.toggleAttribute("data-hover", on);
  };
  const regionAt = (target) =>
    target.closest("[data-region]")?.dataset.region ?? target.closest(".choice")?.querySelector("input")?.value;
  picker.addEventListener("pointerover", (event) => regionAt(event.target) && mark(regionAt(event.target), true));
  picker.addEventListener("pointerout", (event) => regionAt(event.target) && mark(regionAt(event.target), false));
}
