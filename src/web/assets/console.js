// SPDX-License-Identifier: Apache-2.0
// What makes the console's pages nicer. Every page works without it.
"use strict";

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

// ---- moving through lists by keyboard: j and k, o opens, n is new, / searches ----
const rows = () => [...document.querySelectorAll("[data-row]")];

function move(step) {
  const list = rows();
  if (list.length === 0) return;
  const at = list.findIndex((row) => row.classList.contains("is-current"));
  const next = at < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + step, 0), list.length - 1);
  if (at >= 0) list[at].classList.remove("is-current");
  list[next].classList.add("is-current");
  list[next].scrollIntoView({block: "nearest"});
  list[next].querySelector("a")?.focus({preventScroll: true});
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  o: () => (document.querySelector("[data-row].is-current a[href]") ?? document.querySelector("[data-key-o]"))?.click(),
  n: () => document.querySelector("[data-key-n]")?.click(),
  "/": () => document.querySelector("[data-key-search]")?.focus(),
  r: () => document.querySelector("[data-key-r]")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// ---- pieces of a page that change while one looks at them ----
async function refresh(element) {
  const answer = await fetch(element.dataset.live, {headers: {Accept: "text/html"}, redirect: "error"});
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.body.firstElementChild;
  if (!fresh || fresh.outerHTML === element.dataset.shown) return;
  if (element.contains(document.activeElement) && document.activeElement !== document.body) return;
  const shown = fresh.outerHTML;
  element.replaceWith(fresh);
  if (fresh.dataset.live) watch(fresh, shown);
}

function watch(element, shown = "") {
  element.dataset.shown = shown;
  const seconds = Number(element.dataset.every ?? "3");
  const timer = setInterval(async () => {
    if (!element.isConnected) return clearInterval(timer);
    if (!document.hidden) await refresh(element).catch(() => {});
  }, seconds * 1000);
}
document.querySelectorAll("[data-live]").forEach((element) => watch(element));

// ---- what a form would do, asked while it is filled in ----
function preview(form) {
  const place = document.querySelector(form.dataset.previewInto);
  let waiting = null, asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const answer = await fetch(form.dataset.preview, {method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error"});
    if (!answer.ok || mine !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...page.body.childNodes);
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => ask().catch(() => {}), 300);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  soon();
}
document.querySelectorAll("form[data-preview]").forEach(preview);

// ---- small things ----
document.querySelectorAll("form[data-confirm]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
});
// A second click sends nothing a second time; the server would notice, too.
document.querySelectorAll("form").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
});
document.querySelectorAll("[data-no-script]").forEach((element) => element.remove());
document.querySelectorAll("select[data-submit], input[data-submit]").forEach((field) => {
  field.addEventListener("change", () => field.form.requestSubmit());
});
document.querySelectorAll("[data-check-all]").forEach((box) => {
  box.addEventListener("change", () => {
    document.querySelectorAll(`input[name="${box.dataset.checkAll}"]`).forEach((other) => {
      other.checked = box.checked;
      other.dispatchEvent(new Event("change", {bubbles: true}));
    });
  });
});
// Shows what belongs to the choice that was made: data-when="status=1000".
function showWhen() {
  document.querySelectorAll("[data-when]").forEach((element) => {
    const [name, value] = element.dataset.when.split("=");
    const form = element.closest("form");
    const field = form?.elements[name];
    const chosen = field instanceof RadioNodeList ? field.value : field?.type === "checkbox" ? String(field.checked) : field?.value;
    element.hidden = chosen !== value;
  });
}
document.addEventListener("change", showWhen);
showWhen();
