// The groups: their typical day, what stands out in them, how many they are; and the model's versions.

import { byId, el, epoch, number, show, svg } from "./dom.js";
import { colour, letter, mark } from "./palette.js";

const WIDE = 240, HIGH = 64, FLOOR = 52, TOP = 4;
const BAR = 44, FARTHEST = 3; // of a trait: its width, and the distance at which it is full [robust standard deviations]
const PARTS = ["at night", "by day", "in the evening"];

const people = (count) => `${number(count)} ${count === 1 ? "customer" : "customers"}`;

/** Put new children where the old ones were; the focus stays at its place. */
function renew(parent, children) {
  const at = [...parent.children].indexOf(document.activeElement);
  parent.replaceChildren(...children);
  parent.children[at]?.focus();
}

export function chips(model, sizes, only, chosen) {
  renew(byId("chips"), model.clusters.map((cluster, n) => el("button", {
    type: "button", "aria-pressed": String(only === cluster.cluster), onclick: () => chosen(cluster.cluster),
  }, mark(n), el("span", {}, `${letter(n)} · ${cluster.name}`), el("small", {}, number(sizes[cluster.cluster] ?? 0)))));
}

export function cards(model, sizes) {
  byId("groups").replaceChildren(...model.clusters.map((cluster, n) => {
    const many = `${people(sizes[cluster.cluster] ?? 0)} · ${cluster.words}`;
    return el("li", { "data-cluster": cluster.cluster },
      el("h3", {}, mark(n), el("span", {}, `${letter(n)} · ${cluster.name}`)),
      el("p", { class: "many" }, many),
      cluster.day.length ? day(cluster.day, n) : el("p", { class: "many" }, "The model says nothing of the hours."),
      el("ul", { class: "traits", "aria-label": "What stands out" }, ...cluster.traits.map((trait) => el("li", {},
        lies(trait.away, n), el("span", {}, el("b", {}, trait.word), `: ${trait.index} ${trait.value}`)))));
  }));
}

/** Where a value lies: a bar to the left of the line where it is below the middle of all customers, else to the right. */
function lies(away, n) {
  const long = (Math.min(Math.abs(away), FARTHEST) / FARTHEST) * (BAR / 2);
  const side = away < 0 ? "below" : "above";
  return svg("svg", { class: "lies", viewBox: `0 0 ${BAR} 10`, role: "img", "aria-label": `${side} the middle of all customers` },
    svg("rect", { x: away < 0 ? BAR / 2 - long : BAR / 2, y: 2, width: long, height: 6, fill: colour(n) }),
    svg("line", { class: "middle", x1: BAR / 2, x2: BAR / 2, y1: 0, y2: 10 }));
}

/** A day as steps: mean power in each part against the mean of the whole day. */
function day(hours, n) {
  const top = Math.max(1.5, ...hours.map((part) => part.level)) * 1.05;
  const x = (hour) => (hour / 24) * WIDE, y = (level) => FLOOR - (level / top) * (FLOOR - TOP);
  const steps = hours.map(({ start, end, level }) => `L${x(start)} ${y(level)}L${x(end)} ${y(level)}`).join("");
  const line = `M${steps.slice(1)}`;
  const levels = hours.slice(0, 3).map(({ level }, k) => `${PARTS[k]} ${level.toFixed(2)}`).join(", ");
  return svg("svg", { class: "day", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `Mean power ${levels} of the mean` },
    svg("path", { d: `M0 ${FLOOR}${steps}L${WIDE} ${FLOOR}z`, fill: colour(n), opacity: 0.18 }),
    svg("path", { d: line, fill: "none", stroke: colour(n), "stroke-width": 2.5 }),
    svg("line", { class: "mean", x1: 0, x2: WIDE, y1: y(1), y2: y(1) }),
    ...[0, 6, 12, 18, 24].map((hour) => svg("text", {
      x: x(hour), y: HIGH - 2, "text-anchor": hour === 0 ? "start" : hour === 24 ? "end" : "middle",
    }, `${hour} h`)));
}

export function versions(model) {
  const share = (count, all) => (all ? `${number(count)} (${((100 * count) / all).toFixed(1)} %)` : number(count));
  byId("versions").replaceChildren(...model.versions.map(({ version, until, status, undo, trial }) => {
    const counts = trial ? [share(trial.would_move, trial.customers), share(trial.by_model, trial.customers), number(trial.protected)]
      : ["–", "–", "–"];
    const state = undo === null ? status : `${status}, rolled back to ${undo}`;
    const kind = status === "in force" ? "force" : status === "held" ? "held" : "";
    return el("tr", { class: kind }, ...[String(version), epoch(until), state, ...counts].map((text) => el("td", {}, text)));
  }));
  show("held", model.held ? `Promotions are held by ${model.held.by === "budget" ? "the budget" : "an operator"}: ${model.held.because}` : "");
}
