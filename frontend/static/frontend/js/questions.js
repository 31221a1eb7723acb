/* On top of a page of questions that works without it: parts that depend on an answer open and close at once, "none of these"
   and the other boxes exclude each other, and one button says what it will do. */

const NONE = "-none-";
const form = document.querySelector("[data-questions]");
const inputsOf = (name) => [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];

function openParts() {
  for (const part of form.querySelectorAll("[data-shown-if]")) {
    const wanted = part.dataset.shownFor.split(" ");
    part.hidden = !inputsOf(part.dataset.shownIf).some((input) => input.checked && wanted.includes(input.value));
  }
}

function excludeEachOther(box) {
  if (box.type !== "checkbox" || !box.checked) return;
  if (box.name.endsWith("--unknown")) {
    for (const input of box.closest(".stack").querySelectorAll("input:not([type=checkbox]), select")) input.value = "";
    return;
  }
  for (const other of inputsOf(box.name)) {
    if (other !== box && (box.value === NONE) !== (other.value === NONE)) other.checked = false;
  }
}

function nameTheButton() {
  const button = form.querySelector("[data-rest]");
  if (!button) return;
  const gates = [...form.querySelectorAll(".question-row:not([data-always])")];
  const marked = gates.filter((row) => row.querySelector(":scope > fieldset > .choices input:checked"));
  let words = button.dataset.some;
  if (marked.length === 0) words = button.dataset.none;
  else if (marked.length === gates.length) words = button.dataset.all;
  button.textContent = words;
}

if (form) {
  form.querySelector("[data-plain]")?.remove();
  form.addEventListener("change", (event) => {
    excludeEachOther(event.target);
    openParts();
    nameTheButton();
  });
  form.addEventListener("input", (event) => {
    const unknown = event.target.value && document.getElementById(`${event.target.id}--unknown`);
    if (unknown) unknown.checked = false;
  });
  openParts();
  nameTheButton();
}
