// What every page has: the sidebar that folds, the token for htmx, and a word when the server cannot be reached.
(() => {
  const root = document.documentElement;
  const toasts = document.getElementById("toasts");
  const words = toasts.dataset;

  // A toast stays until it is read: eight seconds, or longer while the pointer rests on it.
  const fading = (box) => {
    let timer;
    const wait = (time) => { clearTimeout(timer); timer = setTimeout(() => box.remove(), time); };
    wait(8000);
    for (const rest of ["pointerenter", "focusin"]) box.addEventListener(rest, () => clearTimeout(timer));
    for (const leave of ["pointerleave", "focusout"]) box.addEventListener(leave, () => wait(2000));
    return box;
  };
  const toast = (words, tone = "danger") => {
    const box = document.createElement("div");
    box.className = `alert alert-${tone} tandem-toast`;
    box.textContent = words;
    toasts.append(box);
    return fading(box);
  };
  window.tandem = { toast, fading };

  document.querySelector("[data-fold]")?.addEventListener("click", () => {
    const folded = root.dataset.folded === "yes";
    if (folded) delete root.dataset.folded; else root.dataset.folded = "yes";
    localStorage.setItem("tandem-folded", folded ? "no" : "yes");
  });

  const more = document.querySelector("[data-more]");
  more?.addEventListener("click", () => {
    const open = root.toggleAttribute("data-side-open");
    more.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector("#sidebar a")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.hasAttribute("data-side-open")) more.click();
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]");
    if (token) event.detail.headers["X-CSRFToken"] = token.value;
  });
  // What the page asks by itself says nothing when that fails; it shows nothing rather than what was true before.
  const quietly = ({ elt }) => {
    const quiet = elt.matches("[data-quiet]");
    if (quiet) elt.replaceChildren();
    return quiet;
  };
  document.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    if (!quietly(event.detail)) toast(status === 401 ? words.signedOut : status === 403 ? words.refused : words.failed);
  });
  document.addEventListener("htmx:sendError", (event) => quietly(event.detail) || toast(words.away));
  // The session ended: what was asked for leads to the sign-in page, which is not to stand within this one.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!new URL(event.detail.xhr.responseURL || location.href).pathname.endsWith("/login/")) return;
    event.detail.shouldSwap = false;
    if (!quietly({ elt: event.detail.target })) toast(words.signedOut);
  });
})();
