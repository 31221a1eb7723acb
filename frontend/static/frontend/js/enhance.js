/* Small kindnesses on top of pages that work without them. */

function focusOn(target) {
  if (!target) return false;
  if (target.tabIndex < 0 && !target.hasAttribute("tabindex")) target.setAttribute("tabindex", "-1");
  target.focus();
  return true;
}

/* An error summary takes the focus; its links put the focus into the field, not only the page near it. */
function presentErrors(root) {
  focusOn(root.querySelector("[data-takes-focus]"));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".error-summary a[href^='#']");
  if (!link) return;
  const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!focusOn(target)) return;
  event.preventDefault();
  (target.closest("fieldset, .field") ?? target).scrollIntoView({ block: "start" });
});

/* A second tap while the first is under way does nothing. The server is safe without this; it only calms the hand. */
const PATIENCE = 8000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post], [data-hx-post]")) return;
  if (form.dataset.sentAt && Date.now() - Number(form.dataset.sentAt) < PATIENCE) {
    event.preventDefault();
    return;
  }
  form.dataset.sentAt = String(Date.now());
  event.submitter?.setAttribute("data-busy", "");
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent-at]")) delete form.dataset.sentAt;
  for (const button of document.querySelectorAll("[data-busy]")) button.removeAttribute("data-busy");
});

/* "This time is yours for 9 more minutes." counts on from what the server said, whatever this device's clock says. */
function countDown(element) {
  const text = element.querySelector("[data-countdown-text]");
  const end = performance.now() + Number(element.dataset.countdown) * 1000;
  const show = () => {
    const minutes = Math.ceil((end - performance.now()) / 60000);
    let words = element.dataset.overText;
    if (minutes === 1) words = element.dataset.one;
    else if (minutes > 1) words = element.dataset.many.replace("%(minutes)s", String(minutes));
    element.toggleAttribute("data-soon", minutes > 0 && minutes <= 2);
    element.toggleAttribute("data-over", minutes <= 0);
    if (minutes <= 2) element.setAttribute("role", "status");
    if (text.textContent !== words) text.textContent = words;
    if (minutes > 0) setTimeout(show, 1000);
  };
  show();
}

/* Dialogs: a control with data-opens="id" opens that <dialog>; data-closes closes the one around it. Both are links or
   buttons that lead to the same thing as a page when scripts are off. */
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog instanceof HTMLDialogElement) {
    event.preventDefault();
    dialog.showModal();
  }
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
});

/* A select or checkbox in a form with data-sends-itself sends the form when it changes; the button stays for everybody else. */
document.addEventListener("change", (event) => {
  event.target.closest("form[data-sends-itself]")?.requestSubmit();
});

/* A menu that opens over the page closes on Escape and on a tap elsewhere. */
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.user-menu[open]")) if (menu !== except) menu.open = false;
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.user-menu")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.user-menu[open]");
  closeMenus(null);
  open?.querySelector("summary").focus();
});

for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
/* Copies a field; the words about it go into the status beside the button. Without a clipboard the field is there to mark. */
for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.nextElementSibling.textContent = button.dataset.copied;
  });
}
for (const element of document.querySelectorAll("[data-countdown]")) countDown(element);
/* A page that waits for the bank asks behind the scenes, and goes on only when there is an answer: nothing moves under
   whoever is reading. Its link asks too. */
for (const line of document.querySelectorAll("[data-looks-again]")) {
  const look = async () => {
    const answer = await fetch(location.href, { redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") location.reload();
    else setTimeout(look, Number(line.dataset.looksAgain) * 1000);
  };
  line.hidden = false;
  look();
}
/* On a phone the menu is wider than the screen: the page that is open shows in it. */
const here = document.querySelector(".bar-staff .menu [aria-current=page]");
if (here) here.closest("nav").scrollLeft = here.getBoundingClientRect().right - document.documentElement.clientWidth + 16;
presentErrors(document);
document.addEventListener("htmx:afterSwap", (event) => {
  presentErrors(event.target);
  for (const element of event.target.querySelectorAll("[data-countdown]")) countDown(element);
});
