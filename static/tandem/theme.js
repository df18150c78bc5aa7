// Light or dark, folded, narrow: set before the first paint: the person's choice, else what the system prefers.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = localStorage.getItem("tandem-theme");
    document.documentElement.dataset.bsTheme = chosen || (system.matches ? "dark" : "light");
  };
  apply();
  system.addEventListener("change", apply);
  if (localStorage.getItem("tandem-dense") === "yes") document.documentElement.dataset.dense = "yes";
  if (localStorage.getItem("tandem-folded") === "yes") document.documentElement.dataset.folded = "yes";
  addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.addEventListener("click", () => {
        const dark = document.documentElement.dataset.bsTheme === "dark";
        localStorage.setItem("tandem-theme", dark ? "light" : "dark");
        apply();
      });
    }
  });
})();
