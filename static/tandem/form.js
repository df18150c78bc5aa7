// A form: Ctrl-Enter saves, leaving with changes asks, and a draft survives a session that ended.
(() => {
  for (const form of document.querySelectorAll("form[data-guard]")) {
    const key = `tandem-draft:${location.pathname}`;
    const fields = () => [...form.elements].filter((one) => one.name && !["csrfmiddlewaretoken", "version"].includes(one.name) && one.type !== "password");
    const values = () => JSON.stringify(fields().map((one) => [one.name, one.type === "checkbox" ? one.checked : one.multiple ? [...one.selectedOptions].map((o) => o.value) : one.value]));
    const begun = values();
    let sent = false;

    const put = ([name, value]) => {
      const one = form.elements[name];
      if (!one) return;
      if (one.type === "checkbox") one.checked = value;
      else if (one.multiple) for (const option of one.options) option.selected = value.includes(option.value);
      else one.value = value;
    };
    const kept = sessionStorage.getItem(key);
    if (kept && kept !== begun && !form.querySelector(".is-invalid")) {
      JSON.parse(kept).forEach(put);
      window.tandem.toast("What you had typed here is back. Save it, or cancel to drop it.", "info");
    }

    form.addEventListener("input", () => sessionStorage.setItem(key, values()));
    form.addEventListener("submit", () => { sent = true; sessionStorage.removeItem(key); });
    form.querySelectorAll("a.btn").forEach((link) => link.addEventListener("click", () => { sent = true; sessionStorage.removeItem(key); }));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    addEventListener("beforeunload", (event) => { if (!sent && values() !== begun) event.preventDefault(); });
  }
  document.querySelector(".alert-danger[tabindex]")?.focus();
})();
