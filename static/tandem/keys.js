// The keyboard: shortcuts as the help sheet lists them, and the command palette. Nothing fires while somebody types.
(() => {
  const sheet = document.getElementById("keys");
  const palette = document.getElementById("palette");
  const input = palette.querySelector("input");
  const list = document.getElementById("palette-list");
  const rows = new Map([...sheet.querySelectorAll("[data-keys]")].map((row) => [row.dataset.keys, row]));
  const starts = new Set([...rows.keys()].filter((keys) => keys.includes(" ")).map((keys) => keys.split(" ")[0]));
  let begun = "";
  let timer;

  const acts = {
    palette: () => { if (!palette.open) palette.showModal(); input.select(); htmx.trigger(input, "begin"); },
    help: () => sheet.showModal(),
  };
  const act = (row) => {
    const { href, do: name } = row.dataset;
    if (href) location.assign(href);
    else if (acts[name]) acts[name]();
    else document.dispatchEvent(new CustomEvent("tandem:key", { detail: name }));
  };
  const typing = (target) => target.closest("input, textarea, select, [contenteditable], .dropdown-menu.show");

  document.addEventListener("keydown", (event) => {
    const { key } = event;
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && key.toLowerCase() === "k") {
      event.preventDefault();
      if (!document.querySelector("dialog[open]:not(#palette)")) act(rows.get("Ctrl+K"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || document.querySelector("dialog[open]")) return;
    const row = rows.get(begun ? `${begun} ${key}` : key);
    const starting = !begun && starts.has(key);
    clearTimeout(timer);
    begun = starting ? key : "";
    if (starting) timer = setTimeout(() => { begun = ""; }, 1500);
    if (!row && !starting) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (row) act(row);
  }, true);

  for (const button of document.querySelectorAll("[data-do-now]")) {
    button.addEventListener("click", (event) => { event.preventDefault(); acts[button.dataset.doNow](); });
  }
  for (const box of [sheet, palette]) {
    box.addEventListener("click", (event) => { if (event.target === box || event.target.closest("[data-close]")) box.close(); });
  }

  const options = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");
  const choose = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id); else input.removeAttribute("aria-activedescendant");
  };
  list.addEventListener("htmx:afterSwap", () => choose(options()[0]));
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== chosen()) choose(option);
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(chosen());
    const go = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 6, all.length - 1), PageUp: Math.max(at - 6, 0) }[event.key];
    if (go !== undefined && all.length) { event.preventDefault(); choose(all.at(go % all.length)); }
    // What is typed but not yet answered goes to the page of results instead of to a line of the words before.
    if (event.key === "Enter" && at >= 0 && !event.isComposing && !input.classList.contains("htmx-request") && list.dataset.words === input.value) {
      event.preventDefault();
      all[at].click();
    }
  });
  list.addEventListener("htmx:beforeSwap", () => { list.dataset.words = input.value; });
})();
