// Who moved and why: as it happens, or who is newly potential now, or might be next.

import { byId, dayOf, el, said, show } from "./dom.js";
import { get } from "./api.js";

const MOST = 120;
const QUIET = 4_000; // [ms] between two things said aloud
const TABS = ["moves", "calls", "expected"];
const WORDS = { expected: "◌ might be next", early: "◔ seen early", confirmed: "✓ confirmed", withdrawn: "↩ withdrawn" };
const EMPTY = {
  moves: "Nobody has changed class yet. A first class takes a week of readings; moves come when customers really change.",
  calls: "Nobody is newly potential at the moment.",
  expected: "Nobody stands out as likely to be next. The list is made anew with every day that closes.",
};
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** What the list of those who might be next is, and beside what its probabilities have to be seen. */
function intro({ usual }) {
  const beside = usual ? ` Of all customers ${percent(usual)} did within the last 28 days.` : "";
  return `No potential customers yet: how likely each is to become one within 28 days. Most of them will not.${beside}`;
}

/** How many times as likely as others somebody is. */
function beside(times) {
  if (times >= 0.9 && times < 1.1) return "as likely as the average customer";
  return `${times.toFixed(1)} × as likely as the average customer`;
}

/** When it was seen before its day was over. */
function seen({ time, before }) {
  return dayOf(before.time) === dayOf(time) ? "seen early the same day" : `seen early on ${dayOf(before.time)}`;
}

/** Events without those that others among them take the place of; who takes a place remembers whose. */
function folded(events) {
  const known = new Map(events.map((event) => [event.id, event]));
  for (const event of events) event.before ??= known.get(event.supersedes);
  const past = new Set(events.map((event) => event.supersedes));
  return events.filter((event) => !past.has(event.id));
}

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
    this.moves = folded(events);
    this.draw();
  }

  take(events) {
    const newest = [...events].reverse();
    const others = this.moves.filter((old) => !events.some((one) => one.id === old.id));
    this.moves = folded([...newest, ...others]).slice(0, MOST);
    this.announce(newest);
    if (this.tab === "moves") this.add(newest.filter((event) => this.moves.includes(event)));
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
    const found = tab === "moves" ? { events: this.moves } : await get(tab).catch(() => ({ events: [] }));
    const { events } = found;
    if (tab !== this.tab) return; // somebody chose the other one meanwhile
    const focused = list.contains(document.activeElement) ? document.activeElement.parentElement.dataset.event : null;
    list.replaceChildren(...events.map((event) => this.item(event)));
    show("feed-note", tab === "expected" && events.length ? intro(found) : "");
    show("feed-empty", events.length ? "" : EMPTY[tab]);
    panel.setAttribute("aria-busy", "false");
    if (focused) (list.querySelector(`[data-event="${CSS.escape(focused)}"] button`) ?? panel).focus();
  }

  /** Put what is new above the rest, in the place of what it follows; whoever reads further down stays where they are. */
  add(events) {
    const list = byId("moves"), panel = byId("feed"), at = panel.scrollTop;
    const told = new Set(this.moves.map((event) => event.id));
    const gone = [...list.children].filter((item) => !told.has(item.dataset.event));
    const above = panel.getBoundingClientRect().top, top = (item) => item.getBoundingClientRect().top;
    const read = [...list.children].find((item) => !gone.includes(item) && top(item) + item.offsetHeight > above);
    const before = read && top(read), focused = gone.find((item) => item.contains(document.activeElement));
    list.prepend(...events.map((event) => Object.assign(this.item(event), { className: `new ${this.kind(event)}` })));
    for (const item of gone) item.remove();
    if (at > 8 && read) panel.scrollTop = at + top(read) - before;
    if (focused) this.follow(focused.dataset.event);
    show("feed-empty", this.moves.length ? "" : EMPTY.moves);
  }

  /** The focus goes to what has taken an event's place, or to the list where nothing has. */
  follow(id) {
    const next = this.moves.find((event) => event.supersedes === id)?.id ?? "";
    (byId("moves").querySelector(`[data-event="${CSS.escape(next)}"] button`) ?? byId("feed")).focus();
  }

  kind(event) {
    return `${event.status}${event.newly && event.status !== "withdrawn" ? " flag" : ""}`;
  }

  item(event) {
    const flag = event.newly && event.status !== "withdrawn";
    const meta = el("div", { class: "meta" },
      el("time", { datetime: event.time }, dayOf(event.time)),
      el("span", { class: `badge ${event.status}` }, WORDS[event.status]),
      event.before?.status === "early" ? el("span", {}, seen(event)) : null,
      event.times ? el("span", {}, beside(event.times)) : null,
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
