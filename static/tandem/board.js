// The board: cards move by mouse, touch (at the grip) and keyboard. The server's answer decides where a card stands.
(() => {
  const board = document.querySelector("[data-board]");
  const dialog = document.getElementById("board-move");
  const toasts = document.getElementById("toasts");
  const open = () => board.querySelector("[data-may-move]") !== null;
  const columns = () => [...board.querySelectorAll("[data-column]:not([data-closed])")];
  const columnOf = (stage) => board.querySelector(`[data-column="${stage}"]`);
  const onTop = (card, column) => column?.querySelector("[data-cards]").prepend(card);
  const waiting = new Map();

  // Shows the move at once; puts the card back when the server says no or cannot be reached.
  const move = (card, column) => {
    const stage = column.dataset.column;
    if (waiting.has(card.id) || stage === card.dataset.stage) return;
    waiting.set(card.id, { parent: card.parentElement, next: card.nextElementSibling, focused: card.contains(document.activeElement) });
    onTop(card, column);
    card.classList.add("tandem-waiting");
    if (waiting.get(card.id).focused) card.querySelector("a").focus();
    htmx.ajax("POST", card.dataset.move, { source: card, target: card, swap: "outerHTML", values: { stage, version: card.dataset.version } })
      .catch(() => {}); // htmx:sendError has told it already
  };
  const putBack = (id) => {
    const from = waiting.get(id);
    const card = document.getElementById(id);
    if (!from || !card) return;
    card.classList.remove("tandem-waiting");
    if (from.parent.isConnected) from.parent.insertBefore(card, from.next?.parentElement === from.parent ? from.next : null);
    if (from.focused) card.querySelector("a").focus();
    waiting.delete(id);
  };

  // A lost race and a refusal bring the card as it stands now, with a sentence.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (!target?.matches("[data-card]") || ![409, 422].includes(xhr.status)) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
    putBack(target.id);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { target, successful, xhr } = event.detail;
    if (!target?.id.startsWith("card-")) return;
    if (dialog.open) dialog.close();
    if (!successful && ![409, 422].includes(xhr.status)) putBack(target.id);
    settle(target.id);
    toasts.querySelectorAll("[data-toast]").forEach((box) => { delete box.dataset.toast; window.tandem.fading(box); });
  });
  const settle = (id) => {
    const card = document.getElementById(id);
    const focused = waiting.get(id)?.focused;
    waiting.delete(id);
    if (!card?.matches("[data-card]")) return;
    const column = columnOf(card.dataset.stage);
    if (column && !column.contains(card)) onTop(card, column);
    else if (!column) card.remove();
    if (focused) card.querySelector("a").focus();
  };

  // Keyboard: Alt and an arrow moves the card whose link has the focus to the neighbouring stage.
  board.addEventListener("keydown", (event) => {
    const card = event.target.closest("[data-move]");
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!card || !step || !event.altKey) return;
    event.preventDefault();
    const all = columns();
    const at = all.indexOf(card.closest("[data-column]"));
    const next = all[at + (document.documentElement.dir === "rtl" ? -step : step)];
    if (next && at >= 0) move(card, next);
  });

  // The menu of stages.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialog) { dialog.showModal(); dialog.querySelector("[role=alert], input:not([type=hidden]), button:not(:disabled)")?.focus(); }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) { event.preventDefault(); dialog.close(); }
  });

  // Pointer: a mouse takes the card anywhere, a finger at the grip, so that the board still scrolls elsewhere.
  let held = null;
  const over = (x, y) => columns().find((column) => {
    const box = column.getBoundingClientRect();
    return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
  });
  const lift = (event) => {
    const box = held.card.getBoundingClientRect();
    held.ghost = held.card.cloneNode(true);
    held.ghost.removeAttribute("id");
    held.ghost.classList.add("tandem-ghost");
    held.ghost.style.width = `${box.width}px`;
    held.grab = { x: event.clientX - box.left, y: event.clientY - box.top };
    document.body.append(held.ghost);
    held.card.classList.add("tandem-lifted");
    document.body.classList.add("tandem-dragging");
    held.scroll = setInterval(() => {
      const strip = board.querySelector(".tandem-board");
      const box = strip.getBoundingClientRect();
      if (held.x < box.left + 48) strip.scrollLeft -= 14;
      else if (held.x > box.right - 48) strip.scrollLeft += 14;
    }, 16);
  };
  const drop = () => {
    clearInterval(held.scroll);
    held.ghost?.remove();
    held.card.classList.remove("tandem-lifted");
    held.column?.classList.remove("tandem-over");
    document.body.classList.remove("tandem-dragging");
    const { card, column, ghost } = held;
    held = null;
    return ghost ? { card, column } : null;
  };
  board.addEventListener("pointerdown", (event) => {
    const card = event.target.closest("[data-move]");
    const takes = event.pointerType === "mouse" ? event.button === 0 : event.target.closest("[data-grip]");
    if (!card || !takes || held || !open()) return;
    held = { card, pointer: event.pointerId, from: { x: event.clientX, y: event.clientY } };
  });
  document.addEventListener("pointermove", (event) => {
    if (!held || event.pointerId !== held.pointer) return;
    held.x = event.clientX;
    if (!held.ghost && Math.hypot(event.clientX - held.from.x, event.clientY - held.from.y) < 6) return;
    if (!held.ghost) lift(event);
    held.ghost.style.transform = `translate(${event.clientX - held.grab.x}px, ${event.clientY - held.grab.y}px)`;
    const column = over(event.clientX, event.clientY);
    if (column === held.column) return;
    held.column?.classList.remove("tandem-over");
    column?.classList.add("tandem-over");
    held.column = column;
  });
  document.addEventListener("pointerup", (event) => {
    if (!held || event.pointerId !== held.pointer) return;
    const dropped = drop();
    if (!dropped) return;
    // The click that ends a drag opens nothing.
    const still = (click) => { click.preventDefault(); click.stopPropagation(); };
    document.addEventListener("click", still, { capture: true, once: true });
    setTimeout(() => document.removeEventListener("click", still, { capture: true }), 0);
    if (dropped.column) move(dropped.card, dropped.column);
  });
  document.addEventListener("pointercancel", () => { if (held) drop(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && held) drop(); });
  board.addEventListener("dragstart", (event) => event.preventDefault());
})();
