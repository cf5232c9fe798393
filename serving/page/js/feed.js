// Who moved and why: as it happens, or who is newly potential now, or may soon be.

import { byId, dayOf, el, said, show } from "./dom.js";
import { get } from "./api.js";

const MOST = 120;
const QUIET = 4_000; // [ms] between two things said aloud
const TABS = ["moves", "calls", "expected"];
const WORDS = { expected: "◌ expected", early: "◔ seen early", confirmed: "✓ confirmed", withdrawn: "↩ withdrawn" };
const EMPTY = {
  moves: "Nobody has changed class yet. A first class takes a week of readings; moves come when customers really change.",
  calls: "Nobody is newly potential at the moment.",
  expected: "Nobody is expected to become a potential customer within the next weeks. The list is made anew with every day that closes.",
};

export class Feed {
  constructor(asked) {
    this.asked = asked;
    this.moves = [];
    this.tab = "moves";
    this.unsaid = [];
    for (const name of TABS) byId(`tab-${name}`).addEventListener("click", () => this.choose(name));
    document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const step = event.key === "ArrowRight" ? 1 : TABS.length - 1;
      this.choose(TABS[(TABS.indexOf(this.tab) + step) % TABS.length]);
      byId(`tab-${this.tab}`).focus();
    });
  }

  async choose(tab) {
    this.tab = tab;
    for (const name of TABS) {
      byId(`tab-${name}`).setAttribute("aria-selected", String(name === tab));
      byId(`tab-${name}`).tabIndex = name === tab ? 0 : -1;
    }
    byId("feed").setAttribute("aria-labelledby", `tab-${tab}`);
    byId("feed").scrollTop = 0;
    await this.draw();
  }

  begin(events) {
    this.moves = events;
    this.draw();
  }

  take(events) {
    const newest = [...events].reverse();
    this.moves = [...newest, ...this.moves.filter((old) => !events.some((one) => one.id === old.id))].slice(0, MOST);
    this.announce(newest);
    if (this.tab === "moves") this.add(newest);
    else if (events.length) this.draw();
  }

  /** Who is expected changes with every close, and no event says so. */
  refresh() {
    if (this.tab === "expected") this.draw();
  }

  /** Draw the list anew; the focus stays on its event, or goes to the list where that event is gone. */
  async draw() {
    const { tab } = this, list = byId("moves"), panel = byId("feed");
    panel.setAttribute("aria-busy", "true");
    const events = tab === "moves" ? this.moves : (await get(tab).catch(() => ({ events: [] }))).events;
    if (tab !== this.tab) return; // somebody chose the other one meanwhile
    const focused = list.contains(document.activeElement) ? document.activeElement.parentElement.dataset.event : null;
    list.replaceChildren(...events.map((event) => this.item(event)));
    show("feed-empty", events.length ? "" : EMPTY[tab]);
    panel.setAttribute("aria-busy", "false");
    if (focused) (list.querySelector(`[data-event="${CSS.escape(focused)}"] button`) ?? panel).focus();
  }

  /** Put what is new above the rest, and leave whoever reads further down where they are. */
  add(events) {
    const list = byId("moves"), panel = byId("feed");
    const before = panel.scrollHeight, at = panel.scrollTop;
    list.prepend(...events.map((event) => Object.assign(this.item(event), { className: `new ${this.kind(event)}` })));
    while (list.children.length > MOST) list.lastChild.remove();
    if (at > 8) panel.scrollTop = at + panel.scrollHeight - before;
    show("feed-empty", this.moves.length ? "" : EMPTY.moves);
  }

  kind(event) {
    return `${event.status}${event.newly && event.status !== "withdrawn" ? " flag" : ""}`;
  }

  item(event) {
    const flag = event.newly && event.status !== "withdrawn";
    const meta = el("div", { class: "meta" },
      el("time", { datetime: event.time }, dayOf(event.time)),
      el("span", { class: `badge ${event.status}` }, WORDS[event.status]),
      flag ? el("span", { class: "badge flag" }, "★ newly potential") : null);
    const text = el("div", { class: "said" }, ...said(event.text));
    const button = el("button", { type: "button", onclick: () => this.asked(event.customer) }, meta, text);
    return el("li", { class: this.kind(event), "data-event": event.id }, button);
  }

  /** Say it aloud to those who do not see it: one by one, or how many where they are many. */
  announce(events) {
    this.unsaid.push(...events);
    this.timer ??= setTimeout(() => {
      const all = this.unsaid.splice(0);
      this.timer = null;
      const flags = all.filter((event) => event.newly && event.status !== "withdrawn").length;
      byId("heard").textContent = all.length === 1 ? all[0].text.replaceAll("*", "")
        : all.length ? `${all.length} news, ${flags} of them newly potential` : "";
    }, events.length ? Math.min(QUIET, 400 * events.length) : 0);
  }
}
