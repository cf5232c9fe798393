// The page: begins with an overview, then takes in the news as it comes.

import { enter, get } from "./api.js";
import { byId, epoch, number, show } from "./dom.js";
import { Drift } from "./drift.js";
import { Feed } from "./feed.js";
import * as groups from "./groups.js";
import { Live } from "./live.js";
import { Lookup } from "./customer.js";
import { Quadrants } from "./map.js";
import * as theme from "./theme.js";

const STATES = { connecting: "connecting", live: "live", waiting: "reconnecting", offline: "offline" };
const OLD = 30; // [s] without anything taken in
const page = { model: null, sizes: {}, decided: undefined, version: undefined };

const lookup = new Lookup((found) => {
  map.ring = found?.dot ? found.id : null;
  if (found?.dot && !map.dots.has(found.id)) map.dots.set(found.id, found.dot.slice(1));
  map.draw();
});
const open = (id) => lookup.open(id);
const map = new Quadrants(open);
const drift = new Drift();
const feed = new Feed(open);
lookup.rowOf = (cluster) => page.model?.clusters.findIndex((one) => one.cluster === cluster);

const live = new Live({
  heard: (name, told) => (name === "beat" ? beat(told) : told.anew ? reload() : news(told)),
  changed: (state) => {
    byId("link").dataset.state = state;
    byId("link").textContent = STATES[state];
    show("notice", state === "offline" ? "You are offline. The page shows what it last heard, and goes on by itself."
      : state === "waiting" ? "The service does not answer. The page shows what it last heard, and tries again." : "");
  },
  // what was missed meanwhile comes by the stream, which says where it is too much
  probe: () => (page.model ? get("model") : get("overview").then(begin)).then(() => true).catch(refused),
});

function refused(error) {
  if (error.status === 401 && !byId("enter").open) byId("enter").showModal();
  return false;
}

/** Draw all anew from an overview; the stream goes on from where it ends. */
async function begin(overview) {
  page.model = await get("model");
  Object.assign(page, { decided: overview.decided, version: overview.model_version });
  map.model = page.model.version === null ? null : page.model;
  map.begin(overview.customers, overview.calls);
  feed.begin(overview.feed);
  live.seen = overview.seen;
  counts(overview);
  drawModel();
}

let reloading = null;
function reload() {
  reloading ??= setTimeout(() => {
    reloading = null;
    get("overview").then(begin).catch(refused);
  }, 2_000);
}

async function news(told) {
  if (told.decided !== page.decided || told.model_version !== page.version) {
    Object.assign(page, { decided: told.decided, version: told.model_version });
    page.model = await get("model").catch(() => page.model);
    map.model = page.model.version === null ? null : page.model;
  }
  map.take(told.customers, told.calls);
  if (told.events.length) feed.take(told.events);
  else feed.refresh();
  counts(told);
  drawModel();
}

function counts(told) {
  page.sizes = told.sizes;
  byId("flagged").textContent = number(told.flagged);
  byId("high").textContent = number(map.count(told.quadrants));
  byId("total").textContent = number(Object.values(told.sizes).reduce((a, b) => a + b, 0));
  basis(told);
}

function beat(told) {
  basis(told);
  feed.refresh();
}

function basis({ age_seconds: age }) {
  const old = age !== null && age > OLD;
  if (live.state === "live") byId("link").textContent = old ? `live, nothing read for ${Math.round(age)} s` : STATES.live;
}

function drawModel() {
  const { model, sizes } = page;
  byId("version").textContent = model.version === null ? "–" : `v${number(model.version)}`;
  byId("until").textContent = model.version === null ? "no model yet" : `model, data until ${epoch(model.until)}${model.held ? ", held" : ""}`;
  if (model.version === null) return;
  groups.chips(model, sizes, map.only, (cluster) => {
    map.only = map.only === cluster ? null : cluster;
    map.draw();
    drawChips();
  });
  groups.cards(model, sizes);
  groups.versions(model);
  drift.draw(model);
}

function drawChips() {
  [...byId("chips").children].forEach((chip, n) =>
    chip.setAttribute("aria-pressed", String(map.only === page.model.clusters[n].cluster)));
}

byId("enter-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await enter(byId("token").value.trim());
    byId("enter").close();
    live.again(0);
  } catch (error) {
    byId("enter-error").textContent = error.message;
  }
});
byId("to-calls").addEventListener("click", () => {
  feed.choose("calls");
  byId("feed").scrollIntoView({ block: "nearest" });
  byId("tab-calls").focus();
});
byId("enter").addEventListener("cancel", (event) => event.preventDefault());

theme.begin(() => {
  map.draw();
  if (page.model) drawModel();
});
live.again(0);
