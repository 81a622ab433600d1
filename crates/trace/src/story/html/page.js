"use strict";
// The state after some of the moments, from the events alone.
function stateAfter(count) {
  const state = { transactions: new Map(), groups: new Map(), partitions: new Map() };
  const partition = (name) => {
    if (!state.partitions.has(name)) state.partitions.set(name, { cells: [], hw: 0, lso: 0 });
    return state.partitions.get(name);
  };
  const group = (name) => {
    if (!state.groups.has(name)) state.groups.set(name, { text: "", offsets: new Map() });
    return state.groups.get(name);
  };
  for (const moment of MOMENTS.slice(0, count)) {
    for (const { event } of moment.what) {
      if (!event) continue;
      switch (event.event) {
        case "transaction_changed":
          state.transactions.set(event.transactional_id,
            `${event.to}, producer ${event.producer_id}.${event.producer_epoch}`);
          break;
        case "batch_appended": {
          const { cells } = partition(event.partition);
          // What a new leader does not have is gone.
          while (cells.length && cells.at(-1).last >= event.base_offset) cells.pop();
          cells.push({ first: event.base_offset, last: event.last_offset, producer: event.producer_id,
            fate: event.is_transactional ? "open" : "plain" });
          break;
        }
        case "marker_appended": {
          const { cells } = partition(event.partition);
          while (cells.length && cells.at(-1).last >= event.offset) cells.pop();
          const fate = event.commits ? "committed" : "aborted";
          for (const cell of cells) {
            if (cell.fate === "open" && cell.producer === event.producer_id) cell.fate = fate;
          }
          cells.push({ first: event.offset, last: event.offset, fate, text: event.commits ? "C" : "A" });
          break;
        }
        case "high_watermark_moved": partition(event.partition).hw = event.high_watermark; break;
        case "last_stable_offset_moved": partition(event.partition).lso = event.last_stable_offset; break;
        case "group_changed":
          group(event.group).text = `${event.state}, ${event.epoch}, members: ${event.members}`;
          break;
        case "group_gone": state.groups.delete(event.group); break;
        case "offset_committed":
        case "offset_materialised":
          group(event.group).offsets.set(event.partition, { offset: event.offset, fate: "committed" });
          break;
        case "offset_pending":
          group(event.group).offsets.set(event.partition + " pending", { offset: event.offset, fate: "open" });
          break;
        case "offset_dropped":
        case "offset_deleted":
          break;
      }
      if (event.event === "offset_materialised" || event.event === "offset_dropped") {
        group(event.group).offsets.delete(event.partition + " pending");
      }
    }
  }
  return state;
}

function element(kind, text, parent) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = text;
  parent.append(made);
  return made;
}

function row(name, parent) {
  const made = document.createElement("div");
  element("name", name, made);
  parent.append(made);
  return made;
}

function show(count) {
  const state = stateAfter(count);
  const moment = MOMENTS[count - 1];
  document.getElementById("at").textContent =
    moment ? `turn ${moment.n}, ${moment.t} ms` : "before the first turn";
  const panel = document.getElementById("state");
  panel.replaceChildren();
  for (const [id, text] of state.transactions) element("", text, row("transaction " + id, panel));
  for (const [id, { text, offsets }] of state.groups) {
    const line = row("group " + id, panel);
    element("", text + " ", line);
    for (const [partition, { offset, fate }] of offsets) element("cell " + fate, `${partition} = ${offset}`, line);
  }
  for (const [name, { cells, hw, lso }] of state.partitions) {
    if (name.startsWith("__")) continue;
    const line = row(name, panel);
    for (const { first, last, fate, text } of cells.slice(-40)) {
      const label = text ?? (first === last ? String(first) : `${first}–${last}`);
      const cell = element("cell " + fate, label, line);
      if (first <= lso && lso <= last) cell.classList.add("lso");
      if (first >= hw) cell.style.borderStyle = "dashed";
    }
    element("hw", ` LSO ${lso}, high watermark ${hw}`, line);
  }
  const now = moment ? moment.n : 0;
  for (const group of document.querySelectorAll("g.moment")) {
    group.classList.toggle("later", Number(group.dataset.n) > now);
  }
}

const slider = document.getElementById("step");
slider.max = MOMENTS.length;
function go(to) {
  slider.value = to;
  show(Number(slider.value));
}
slider.addEventListener("input", () => show(Number(slider.value)));
document.getElementById("back").addEventListener("click", () => go(Number(slider.value) - 1));
document.getElementById("on").addEventListener("click", () => go(Number(slider.value) + 1));
document.addEventListener("keydown", (pressed) => {
  if (pressed.target === slider) return;
  if (pressed.key === "ArrowLeft") go(Number(slider.value) - 1);
  if (pressed.key === "ArrowRight") go(Number(slider.value) + 1);
});
go(MOMENTS.length);
