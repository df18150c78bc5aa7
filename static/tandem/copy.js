// Buttons that copy what stands in their data-copy. Without the clipboard's permission (plain http) the old way is tried.
(function () {
  "use strict";

  function oldWay(text) {
    const field = document.createElement("textarea");
    field.value = text;
    field.setAttribute("readonly", "");
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return oldWay(text);
    }
  }

  document.addEventListener("click", async function (event) {
    const button = event.target.closest("button[data-copy]");
    if (!button) {
      return;
    }
    const done = await copy(button.dataset.copy);
    button.focus();
    const shown = button.querySelector("[data-words]");
    const before = button.dataset.before || shown.textContent;
    button.dataset.before = before;
    shown.textContent = done ? button.dataset.done : button.dataset.failed;
    const told = document.getElementById("copied");
    if (told) {
      told.textContent = shown.textContent;
    }
    setTimeout(function () {
      shown.textContent = before;
    }, 2000);
  });
})();
