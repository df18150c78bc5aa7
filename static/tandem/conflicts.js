// Keys of the conflict inbox: j and k move, h and o settle the line in focus, u takes the last decision back.
// The page works without: every key presses a button that stands there.
"use strict";
(() => {
  const inbox = document.getElementById("tandem-conflicts");
  if (!inbox) return;
  const rows = [...inbox.querySelectorAll("[data-row]")];
  const place = "tandem-conflict-row";

  const current = () => rows.findIndex((row) => row.contains(document.activeElement));
  const focus = (number) => {
    const row = rows[Math.max(0, Math.min(number, rows.length - 1))];
    if (!row) return;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const press = (button) => {
    if (!button) return;
    sessionStorage.setItem(place, String(Math.max(0, current())));
    button.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input:not([type=hidden]), select, textarea, [contenteditable]")) return;
    const number = current();
    if (event.key === "j") focus(number + 1);
    else if (event.key === "k") focus(number < 0 ? 0 : number - 1);
    else if (event.key === "u") press(inbox.querySelector('[data-key="u"]'));
    else if ((event.key === "h" || event.key === "o") && number >= 0)
      press(rows[number].querySelector(`[data-key="${event.key}"]`));
    else return;
    event.preventDefault();
  });

  // After a decision the page comes anew: the line that took its place has the focus.
  const left = sessionStorage.getItem(place);
  if (left !== null) {
    sessionStorage.removeItem(place);
    focus(Number(left));
  }
})();
