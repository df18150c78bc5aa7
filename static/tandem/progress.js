// Long work on its way: fetches its figures anew every two seconds until it has ended, then the whole page once.
const again = async () => {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("progress");
    if (!fresh || fresh.dataset.running !== "1") { location.reload(); return; }
    const button = document.activeElement?.closest("#progress button");
    document.getElementById("progress").replaceWith(fresh);
    if (button) document.querySelector("#progress button")?.focus();
  } catch { /* the server is away for a moment: asked again */ }
  setTimeout(again, 2000);
};
setTimeout(again, 2000);
