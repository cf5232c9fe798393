// One customer: where it stands, and all that was said of it, explained.

import { get } from "./api.js";
import { byId, dayOf, el, said } from "./dom.js";
import { mark } from "./palette.js";

const LEAST = 0.01; // of a move: less is not worth a line

export class Lookup {
  constructor(shown) {
    this.shown = shown;
    const asked = byId("asked");
    byId("search").addEventListener("submit", (event) => {
      event.preventDefault();
      if (asked.value.trim()) this.open(asked.value.trim());
    });
    asked.addEventListener("input", () => this.suggest(asked.value.trim()));
    addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target.matches("input") || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      asked.focus();
    });
    byId("customer").addEventListener("close", () => this.shown(null));
  }

  async suggest(begin) {
    if (!begin) return;
    const found = await get(`find?begin=${encodeURIComponent(begin)}`).catch(() => []);
    byId("known").replaceChildren(...found.map((id) => el("option", { value: id })));
  }

  async open(id) {
    const found = await get(`customers/${encodeURIComponent(id)}`).catch((error) => ({ error: error.message }));
    byId("customer-title").textContent = id;
    byId("customer-body").replaceChildren(...(found.error ? [el("p", { class: "error" }, found.error)] : this.body(found)));
    if (!byId("customer").open) byId("customer").showModal();
    byId("customer").scrollTop = 0;
    this.shown(found);
  }

  body({ place, newly, expected, events }) {
    const row = this.rowOf?.(place?.cluster) ?? 0;
    const stands = place ? el("p", { class: "stand" }, mark(row), el("span", {}, el("em", {}, place.name),
      place.since ? `, since ${dayOf(place.since)}` : "")) : el("p", { class: "stand" }, "It has no class.");
    const flag = newly ? [el("p", { class: "stand" }, el("span", { class: "badge flag" }, "★ newly potential now"))] : [];
    const soon = expected ? [el("p", { class: "note" }, ...said(expected))] : [];
    const none = el("p", { class: "empty" }, "It has neither moved nor risen since the stream began.");
    return [stands, ...flag, ...soon, ...(events.length ? events.map((event) => this.event(event)) : [none])];
  }

  event({ time, text, why }) {
    return el("article", {}, el("p", { class: "meta" }, el("time", { datetime: time }, dayOf(time))),
      el("p", {}, ...said(text)), el("p", { class: "note" }, why.way),
      el("ul", { class: "parts", "aria-label": why.whole },
        ...why.parts.filter(({ share }) => Math.abs(share) >= LEAST).map((part) => this.part(part))),
      el("p", {}, why.cause), el("p", { class: "note" }, why.sure));
  }

  part({ text, share }) {
    const said = `${Math.round(Math.abs(share) * 100)} %${share < 0 ? " against it" : ""}`;
    const meter = el("meter", { min: 0, max: 1, value: Math.min(1, Math.max(0, share)), "aria-label": `${text}: ${said}` });
    return el("li", { class: share < 0 ? "against" : "" }, el("span", {}, text), el("span", {}, said), meter);
  }
}
