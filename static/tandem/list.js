// A list by keyboard, its cells, its columns and how narrow its rows are: j and k walk the rows, Enter opens one, n and p turn the page.
(() => {
  const list = document.querySelector("[data-list]");
  let at = -1;
  const rows = () => [...list.querySelectorAll("[data-row]")];

  const walk = (step) => {
    const all = rows();
    if (!all.length) return;
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all.forEach((row, index) => row.classList.toggle("tandem-at", index === at));
    all[at].querySelector("a")?.focus();
    all[at].scrollIntoView({ block: "nearest" });
  };
  const follow = (selector) => list.querySelector(selector)?.click();

  const showDensity = () => {
    for (const box of list.querySelectorAll("[data-dense-switch]")) box.checked = document.documentElement.hasAttribute("data-dense");
  };
  showDensity();
  document.addEventListener("htmx:afterSwap", showDensity);

  const acts = { "row-next": () => walk(1), "row-previous": () => walk(-1), "page-next": () => follow("[data-next]"), "page-previous": () => follow("[data-previous]") };
  document.addEventListener("tandem:key", (event) => acts[event.detail]?.());
  list.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target === list) at = -1; });

  // A row that the pointer or the focus is on offers its cells to be changed; every answer is the row anew.
  const pencil = document.getElementById("pencil");
  const offer = (event) => {
    const row = event.target.closest("[data-at]");
    if (!row || row.querySelector(".tandem-pencil, .tandem-inplace")) return;
    for (const cell of row.querySelectorAll("[data-edit]")) {
      const button = pencil.content.firstElementChild.cloneNode(true);
      button.setAttribute("aria-label", pencil.dataset.words.replace("%s", cell.dataset.title));
      cell.append(button);
    }
  };
  const ask = (cell) => {
    const row = cell?.closest("[data-at]");
    if (row && !row.querySelector(".tandem-inplace")) htmx.ajax("GET", `${row.dataset.at}field/${cell.dataset.edit}/?row`, { source: row, target: row, swap: "outerHTML" });
  };
  list.addEventListener("pointerover", offer);
  list.addEventListener("focusin", offer);
  list.addEventListener("click", (event) => { if (event.target.closest(".tandem-pencil")) ask(event.target.closest("[data-edit]")); });
  list.addEventListener("dblclick", (event) => { if (!event.target.closest("a, button, form")) ask(event.target.closest("[data-edit]")); });
  list.addEventListener("htmx:load", (event) => {
    const row = event.detail.elt;
    if (!row.matches("[data-row]")) return;
    const form = row.querySelector(".tandem-inplace");
    form?.scrollIntoView({ block: "nearest", inline: "nearest" });
    form?.querySelector("input:not([type=hidden])")?.select();
    if (!form) row.querySelector(".tandem-name")?.focus();
  });

  list.addEventListener("change", (event) => {
    const box = event.target.closest("[data-columns]");
    if (!box) return;
    if (event.target.matches("[data-dense-switch]")) {
      localStorage.setItem("tandem-dense", event.target.checked ? "yes" : "no");
      document.documentElement.toggleAttribute("data-dense", event.target.checked);
      return;
    }
    const chosen = [...box.querySelectorAll("input[value]:checked")].map((input) => input.value);
    const address = new URL(location.href);
    address.searchParams.set("columns", chosen.join(","));
    location.assign(address);
  });
})();
