// SPDX-License-Identifier: Apache-2.0
// The editor of an email template: fields go in by a click, and the HTML follows what is typed.
"use strict";

{
  const form = document.querySelector("form[data-frame]");
  const fields = [...form.querySelectorAll("[data-field]")];
  let last = form.elements.text;
  for (const field of fields) field.addEventListener("focus", () => (last = field));

  form.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-insert]");
    if (!chip) return;
    last.setRangeText(chip.dataset.insert, last.selectionStart, last.selectionEnd, "end");
    last.dispatchEvent(new Event("input", {bubbles: true}));
    last.focus();
  });

  // A form of its own, so that what is being written is never sent anywhere by this.
  const copy = document.createElement("form");
  copy.method = "post";
  copy.action = form.dataset.frame;
  copy.target = form.querySelector("iframe").name;
  copy.hidden = true;
  document.body.append(copy);
  let shown = null, waiting = null;
  const show = () => {
    const values = ["token", "language", "subject", "text", "html", "ticket"].map((name) => [name, form.elements[name].value]);
    if (JSON.stringify(values) === shown) return;
    shown = JSON.stringify(values);
    copy.replaceChildren(...values.map(([name, value]) => {
      const field = document.createElement("textarea");
      field.name = name;
      field.value = value;
      return field;
    }));
    copy.submit();
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 600);
  });
  show();

  // To the place that is wrong.
  const mark = document.querySelector("[data-mark]");
  const wrong = mark && form.elements[mark.dataset.mark];
  if (wrong) {
    const [line, column] = [Number(mark.dataset.line), Number(mark.dataset.column)];
    const start = wrong.value.split("\n").slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const at = start + [...wrong.value.slice(start)].slice(0, column - 1).join("").length;
    wrong.focus();
    wrong.setSelectionRange(at, at + 1);
  }
}
