// A list by keyboard and its columns: j and k walk the rows, Enter opens one, n and p turn the page.
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

  const acts = { "row-next": () => walk(1), "row-previous": () => walk(-1), "page-next": () => follow("[data-next]"), "page-previous": () => follow("[data-previous]") };
  document.addEventListener("tandem:key", (event) => acts[event.detail]?.());
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
