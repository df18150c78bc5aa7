// A list by keyboard and its columns: j and k walk the rows, Enter opens one, n and p turn the page.
(() => {
  const list = document.querySelector("[data-list]");
  let at = -1;
  const rows = () => [...list.querySelectorAll("[data-row]")];
  const typing = (target) => target.closest("input, textarea, select, [contenteditable], .dropdown-menu");

  const walk = (step) => {
    const all = rows();
    if (!all.length) return;
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all.forEach((row, index) => row.classList.toggle("tandem-at", index === at));
    all[at].querySelector("a")?.focus();
    all[at].scrollIntoView({ block: "nearest" });
  };
  const follow = (selector) => list.querySelector(selector)?.click();

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const act = { j: () => walk(1), k: () => walk(-1), n: () => follow("[data-next]"), p: () => follow("[data-previous]") }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("htmx:afterSwap", () => { at = -1; });

  list.addEventListener("change", (event) => {
    const box = event.target.closest("[data-columns]");
    if (!box) return;
    const chosen = [...box.querySelectorAll("input:checked")].map((input) => input.value);
    const address = new URL(location.href);
    address.searchParams.set("columns", chosen.join(","));
    location.assign(address);
  });
})();
