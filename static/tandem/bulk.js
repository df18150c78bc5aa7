// Rows of a list selected by box or by x, the bar that says how many, and the dialog that asks before they are changed.
(() => {
  const list = document.querySelector("[data-list]");
  const dialog = document.getElementById("bulk-dialog");
  const toasts = document.getElementById("toasts");
  const boxes = () => [...list.querySelectorAll("input[name=row]")];

  const tell = () => {
    const bar = list.querySelector("[data-bulk]");
    if (!bar) return;
    const all = list.querySelector("[data-all]");
    const every = bar.querySelector("[name=all]");
    const total = boxes().length;
    const chosen = boxes().filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === total;
    all.indeterminate = chosen > 0 && chosen < total;
    if (every && chosen < total) every.checked = false;
    bar.toggleAttribute("data-open", chosen > 0);
    const words = bar.querySelector("[data-chosen]");
    words.hidden = Boolean(every?.checked);
    words.textContent = `${chosen} ${words.dataset.chosen}`;
    for (const box of boxes()) box.closest("tr").classList.toggle("tandem-chosen", box.checked);
  };
  const choose = (on) => { for (const box of boxes()) box.checked = on; tell(); };

  list.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) choose(event.target.checked);
    else if (event.target.matches("[name=all]") && event.target.checked) choose(true);
    else if (event.target.matches("[name=row], [name=all]")) tell();
  });
  list.addEventListener("click", (event) => {
    if (event.target.closest("[data-clear]")) choose(false);
    // After a click the keys belong to the list again.
    if (event.detail && event.target.matches(".tandem-pick input")) event.target.blur();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, .dropdown-menu")) return;
    const box = list.querySelector(".tandem-at input[name=row]");
    if (box) { box.checked = !box.checked; tell(); }
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== dialog || event.detail.xhr.status !== 422) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== dialog) { tell(); return; }
    if (!dialog.querySelector("[data-done]")) {
      if (!dialog.open) dialog.showModal();
      return;
    }
    dialog.close();
    dialog.replaceChildren();
    htmx.ajax("GET", location.href, { target: "#list" });
  });
  document.addEventListener("htmx:afterRequest", () => {
    toasts.querySelectorAll("[data-toast]").forEach((box) => { delete box.dataset.toast; window.tandem.fading(box); });
  });
  toasts.addEventListener("submit", (event) => event.target.closest(".tandem-toast")?.classList.add("tandem-spent"));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) { event.preventDefault(); dialog.close(); }
  });
  tell(); // a page that comes back keeps its boxes
})();
