"use strict";
// Steps through the turns of the picture: what is after the chosen one is pale.
const turns = [...document.querySelectorAll("g.moment")];
const slider = document.getElementById("step");
slider.max = turns.length;
function go(to) {
  slider.value = Math.min(Math.max(to, 0), turns.length);
  const shown = Number(slider.value);
  turns.forEach((turn, place) => turn.classList.toggle("later", place >= shown));
  const last = turns[shown - 1];
  document.getElementById("at").textContent = last ? `turn ${last.dataset.n}` : "before the first turn";
}
function step(by) {
  go(Number(slider.value) + by);
  turns[Number(slider.value) - 1]?.scrollIntoView({ block: "nearest" });
}
slider.addEventListener("input", () => go(Number(slider.value)));
document.getElementById("back").addEventListener("click", () => step(-1));
document.getElementById("on").addEventListener("click", () => step(1));
document.addEventListener("keydown", (pressed) => {
  if (pressed.target === slider) return;
  if (pressed.key === "ArrowLeft") step(-1);
  if (pressed.key === "ArrowRight") step(1);
});
document.querySelector(".bar").hidden = false;
go(turns.length);
