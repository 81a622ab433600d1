// Steps through a page that `fencepost replay --as html` wrote, with as little of a browser as its script needs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import vm from "node:vm";

const [page, script] = readFileSync(process.argv[2], "utf8").split(/<script>|<\/script>/);
const numbers = [...page.matchAll(/<g class="moment" data-n="(\d+)">/g)].map(([, number]) => number);
assert(numbers.length > 5, "there are turns");

const heard = {};
const hears = (name) => (kind, act) => (heard[`${name} ${kind}`] = act);
const element = (name) => ({ addEventListener: hears(name), hidden: true });
const turns = numbers.map((n) => {
  const classes = new Set();
  const toggle = (name, on) => (on ? classes.add(name) : classes.delete(name));
  return { dataset: { n }, classes, classList: { toggle }, scrollIntoView() {} };
});
const known = Object.fromEntries(["step", "back", "on", "at"].map((id) => {
  assert(page.includes(`id="${id}"`), id);
  return [id, element(id)];
}));
assert(page.includes('<div class="bar" hidden>'), "without a script nothing is there to step with");
const bar = element("bar");
const document = {
  addEventListener: hears("document"),
  getElementById: (id) => known[id],
  querySelector: (it) => (it === ".bar" ? bar : assert.fail(it)),
  querySelectorAll: (it) => (it === "g.moment" ? turns : assert.fail(it)),
};
vm.runInNewContext(script, { document });

const shown = () => turns.filter((turn) => !turn.classes.has("later")).length;
const all = turns.length;
assert.deepEqual([bar.hidden, shown(), known.at.textContent], [false, all, `turn ${numbers[all - 1]}`]);
heard["on click"]();
assert.equal(shown(), all, "there is nothing behind the last");
heard["back click"]();
assert.deepEqual([shown(), known.at.textContent], [all - 1, `turn ${numbers[all - 2]}`]);
heard["document keydown"]({ key: "ArrowLeft" });
assert.equal(shown(), all - 2);
heard["document keydown"]({ key: "ArrowRight" });
assert.equal(shown(), all - 1);
known.step.value = "0";
heard["step input"]();
assert.deepEqual([shown(), known.at.textContent], [0, "before the first turn"]);
heard["back click"]();
assert.equal(shown(), 0);
