// A form: Ctrl-Enter saves, leaving with changes asks, and what was typed is kept until the server has saved it.
// A draft holds the fields that were changed, by person and address; the server names the one that it saved in a cookie.
(() => {
  const PREFIX = "tandem-draft:", LONGEST = 7 * 24 * 3600 * 1000;
  const person = document.body.dataset.person;
  const words = document.getElementById("toasts").dataset;

  // Storage may be full or forbidden: then there is no draft, and all else goes on.
  const read = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const write = (key, draft) => { try { localStorage.setItem(key, JSON.stringify(draft)); } catch { /* as said above */ } };
  const drop = (key) => { try { localStorage.removeItem(key); } catch { /* as said above */ } };
  const keys = (begin) => { try { return Object.keys(localStorage).filter((key) => key.startsWith(begin)); } catch { return []; } };

  const sweep = () => {
    const saved = document.cookie.match(/(?:^|; )saved-draft=([0-9a-f]+)/)?.[1];
    if (saved) document.cookie = "saved-draft=; max-age=0; path=/; samesite=lax";
    for (const key of keys(PREFIX)) {
      const draft = read(key);
      if (!draft || draft.name === saved || Date.now() - draft.at > LONGEST) drop(key);
    }
  };
  sweep();

  const guard = (form) => {
    if (form.dataset.guarded) return;
    form.dataset.guarded = "yes";
    const key = `${PREFIX}${person}:${new URL(form.getAttribute("action") || location.href, location.href).pathname}`;
    const answered = "answered" in form.dataset; // the server sent it back with what it refused
    const kept = read(key);
    const name = document.createElement("input");
    name.type = "hidden";
    name.name = "draft";
    name.value = kept?.name || [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    form.append(name);

    const ours = (one) => one.name && !["csrfmiddlewaretoken", "version", "begun", "draft"].includes(one.name) && !["password", "file", "submit", "button"].includes(one.type);
    const typed = () => {
      const values = {};
      for (const one of form.elements) {
        if (!ours(one)) continue;
        const list = (values[one.name] ||= []);
        if (one.type === "checkbox" || one.type === "radio") { if (one.checked) list.push(one.value); }
        else if (one.multiple) list.push(...[...one.selectedOptions].map((option) => option.value));
        else list.push(one.value);
      }
      return values;
    };
    const begun = typed();
    const changes = () => Object.fromEntries(Object.entries(typed()).filter(([field, list]) => JSON.stringify(list) !== JSON.stringify(begun[field])));
    const put = (field, list) => {
      for (const one of form.elements) {
        if (one.name !== field || !ours(one)) continue;
        if (one.type === "checkbox" || one.type === "radio") one.checked = list.includes(one.value);
        else if (one.multiple) for (const option of one.options) option.selected = list.includes(option.value);
        else one.value = list[0] ?? "";
      }
    };
    let leaving = false, sentAt = 0;
    const changed = () => answered || Object.keys(changes()).length > 0;
    const forget = () => { leaving = true; drop(key); };

    if (kept && !answered) {
      for (const [field, list] of Object.entries(kept.values)) put(field, list);
      if (changed()) window.tandem.toast(words.restored, "info");
      else drop(key);
    }
    const keep = () => {
      const values = answered ? { ...(kept?.values || typed()), ...changes() } : changes();
      if (Object.keys(values).length) write(key, { name: name.value, at: Date.now(), values });
      else drop(key);
    };
    if (answered) keep();

    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
    form.addEventListener("submit", (event) => {
      const twice = Date.now() - sentAt < 3000;
      if (twice || !navigator.onLine) event.preventDefault();
      if (!navigator.onLine) window.tandem.toast(words.away);
      else if (!twice) { leaving = true; sentAt = Date.now(); }
    });
    form.querySelectorAll("a.btn").forEach((link) => link.addEventListener("click", forget));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") form.querySelector("[data-leave]")?.click();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    addEventListener("beforeunload", (event) => { if (!leaving && form.isConnected && changed()) event.preventDefault(); });
    form.addEventListener("htmx:afterRequest", () => { leaving = false; sentAt = 0; });
    addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
  };

  const guardAll = (root) => { for (const form of root.querySelectorAll("form[data-guard]")) guard(form); };
  guardAll(document);
  document.addEventListener("htmx:beforeSwap", sweep);
  document.addEventListener("htmx:load", (event) => guardAll(event.detail.elt.parentElement || document));
  document.querySelector("form[data-sign-out]")?.addEventListener("submit", () => keys(`${PREFIX}${person}:`).forEach(drop));
  document.querySelector(".alert-danger[tabindex]")?.focus();
})();
