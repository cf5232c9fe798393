// The quadrants: customers as marks that move, the groups' centres, and who moved just now.

import { init } from "../vendor/echarts.js";
import { byId, calm, el, number, show } from "./dom.js";
import { colour, ink, letter, shape } from "./palette.js";

const GUESTS = 400; // customers outside the sample who moved, at most
const NARROW = 500; // [px]
const FRESH = 20_000; // [ms] that a move stays marked
const QUADRANTS = ["low-high", "high-high", "low-low", "high-low"];
const halves = (quadrant) => quadrant.split("-").map((half, n) => `${half} ${n ? "potential" : "value"}`).join(", ");

export class Quadrants {
  constructor(asked) {
    this.chart = init(byId("map"), null, { renderer: "canvas" });
    this.dots = new Map();
    this.sampled = new Set();
    this.moved = new Map();
    this.model = null;
    this.only = null;
    this.ring = null;
    this.flagged = [];
    this.chart.on("click", "series.customers", (event) => asked(event.name));
    new ResizeObserver(() => this.chart.resize()).observe(byId("map"));
    setInterval(() => this.fade(), 2_000);
  }

  begin(customers, calls) {
    this.flagged = calls;
    this.dots = new Map(customers.map(([id, ...dot]) => [id, dot]));
    this.sampled = new Set(this.dots.keys());
    this.moved.clear();
    this.draw();
  }

  take(customers, calls) {
    this.flagged = calls;
    for (const [id, x, y, cluster] of customers) {
      const before = this.dots.get(id);
      if (before) this.moved.set(id, { from: before, at: Date.now() });
      this.dots.delete(id); // the latest stand at the end, above the others
      this.dots.set(id, [x, y, cluster]);
    }
    const guests = [...this.dots.keys()].filter((id) => !this.sampled.has(id));
    for (const id of guests.slice(0, Math.max(0, guests.length - GUESTS))) this.dots.delete(id);
    this.draw();
  }

  fade() {
    const before = this.moved.size;
    for (const [id, move] of this.moved) if (Date.now() - move.at > FRESH) this.moved.delete(id);
    if (this.moved.size !== before) this.draw();
  }

  /** Tell the corners how many customers stand in each quadrant. */
  count(quadrants) {
    const found = Object.fromEntries(QUADRANTS.map((quadrant) => [quadrant, quadrants[quadrant] ?? 0]));
    for (const quadrant of QUADRANTS) {
      const node = byId(quadrant);
      node.replaceChildren(Object.assign(document.createElement("b"), { textContent: number(found[quadrant]) }));
      for (const half of halves(quadrant).split(/(?<=,) /)) node.append(" ", el("span", {}, half));
    }
    const total = Object.values(found).reduce((a, b) => a + b, 0);
    const words = QUADRANTS.map((quadrant) => `${found[quadrant]} ${halves(quadrant)}`).join("; ");
    byId("map").setAttribute("aria-label", `Customers by current and potential value: ${words}`);
    const drawn = total > this.sampled.size + GUESTS
      ? `${number(this.sampled.size)} of ${number(total)} customers are drawn, an even sample; whoever moves is drawn as well.`
      : "Each mark is a customer, where it stood when its class was decided; large marks are the groups' centres.";
    byId("map-note").textContent = `${drawn}${this.ringed()}`;
    show("map-empty", total ? "" : "No customer has a class yet: the first comes with the seeding.");
    return found["low-high"] + found["high-high"];
  }

  /** Say what the rings are, where some are drawn. */
  ringed() {
    const many = this.rings().length;
    return many && this.model ? ` Green ${many === 1 ? "ring: the one" : `rings: the ${many}`} to call first.` : "";
  }

  rings() {
    return this.flagged.filter((id) => this.dots.has(id));
  }

  draw() {
    if (!this.model) return;
    const row = Object.fromEntries(this.model.clusters.map((cluster, n) => [cluster.cluster, n]));
    const still = calm();
    this.chart.setOption({
      animation: !still, animationDuration: 0, animationDurationUpdate: still ? 0 : 1_400, animationEasingUpdate: "cubicInOut",
      grid: { left: 30, right: 8, top: 8, bottom: 34 },
      tooltip: { renderMode: "richText", confine: true, formatter: (point) => this.hint(point) },
      ...this.axes(),
      series: [this.half(), this.customers(row), this.trails(), ...this.paths(row), this.centres(), this.flags(), this.marked()],
    }, { replaceMerge: ["series"] });
  }

  hint({ seriesId, name, data }) {
    const cluster = this.model.clusters.find((one) => one.cluster === data?.cluster);
    return seriesId === "customers" ? `${name}\n${cluster?.name ?? ""}` : cluster?.name ?? name ?? "";
  }

  axes() {
    const dots = [...this.dots.values(), ...this.model.clusters.map((one) => [one.current, one.potential])];
    const axis = (n, name) => {
      const values = dots.map((dot) => dot[n]);
      const low = Math.min(...values, this.model.thresholds[n] - 0.3);
      const high = Math.max(...values, this.model.thresholds[n] + 0.3);
      const room = (high - low) * 0.07;
      return {
        type: "value", min: Math.floor((low - room) * 10) / 10, max: Math.ceil((high + room) * 10) / 10, name,
        nameLocation: "middle", nameGap: 14, nameTextStyle: { color: ink("soft"), fontSize: 13 }, axisLabel: { show: false },
        axisTick: { show: false }, splitLine: { show: false }, axisLine: { onZero: false, lineStyle: { color: ink("line") } },
      };
    };
    return { xAxis: axis(0, "current value  →"), yAxis: axis(1, "potential value  →") };
  }

  /** The half of high potential, and the lines between the quadrants. */
  half() {
    const [current, potential] = this.model.thresholds;
    return {
      id: "halves", type: "scatter", data: [], silent: true,
      markArea: { silent: true, itemStyle: { color: ink("tint") }, data: [[{ yAxis: potential }, { yAxis: potential + 1e3 }]] },
      markLine: {
        silent: true, symbol: "none", label: { show: false }, lineStyle: { color: ink("soft"), type: "solid", width: 1 },
        animation: false, data: [{ xAxis: current }, { yAxis: potential }],
      },
    };
  }

  customers(row) {
    const small = this.dots.size > 700 || this.chart.getWidth() < NARROW;
    const data = [...this.dots].map(([id, [x, y, cluster]]) => ({
      name: id, value: [x, y], cluster, symbol: shape(row[cluster] ?? 0), symbolSize: small ? 7 : 10,
      itemStyle: { color: colour(row[cluster] ?? 0), opacity: this.only === null ? 0.72 : this.only === cluster ? 0.95 : 0.07 },
    }));
    return { id: "customers", name: "customers", type: "scatter", data, cursor: "pointer", emphasis: { scale: 1.6 } };
  }

  /** A line from where each of the last movers came. */
  trails() {
    const data = [...this.moved].flatMap(([id, { from }]) => [from.slice(0, 2), this.dots.get(id).slice(0, 2), ["-", "-"]]);
    return {
      id: "trails", type: "line", data, showSymbol: false, silent: true, animation: false, connectNulls: false,
      lineStyle: { color: ink("soft"), width: 1.5, type: "dashed" },
    };
  }

  paths(row) {
    return this.model.paths.map(({ cluster, points }) => ({
      id: `path-${cluster}`, type: "line", data: points.map(([, x, y]) => [x, y]), showSymbol: false, silent: true,
      animation: false, lineStyle: { color: colour(row[cluster]), width: 3, opacity: 0.6 },
    }));
  }

  centres() {
    const data = this.model.clusters.map((cluster, n) => ({
      name: cluster.name, value: [cluster.current, cluster.potential], cluster: cluster.cluster, symbol: shape(n),
      itemStyle: { color: colour(n), borderColor: ink("card"), borderWidth: 2, opacity: 1 },
      label: { show: true, formatter: letter(n), color: ink("ink"), fontWeight: 700, fontSize: 14, position: "right",
        textBorderColor: ink("card"), textBorderWidth: 3 },
    }));
    return { id: "centres", type: "scatter", data, symbolSize: this.chart.getWidth() < NARROW ? 18 : 24, z: 5 };
  }

  /** A ring around whom to call first. */
  flags() {
    const data = this.rings().map((id) => ({ name: id, value: this.dots.get(id).slice(0, 2) }));
    return {
      id: "flags", type: "scatter", data, symbol: "circle", symbolSize: 17, silent: true, z: 4,
      itemStyle: { color: "transparent", borderColor: ink("good"), borderWidth: 2.5 },
    };
  }

  marked() {
    const ids = [...this.moved.keys(), ...(this.ring && this.dots.has(this.ring) ? [this.ring] : [])];
    const data = ids.map((id) => ({ name: id, value: this.dots.get(id).slice(0, 2), symbolSize: id === this.ring ? 30 : 20 }));
    return {
      id: "marked", type: "scatter", data, symbol: "circle", silent: true, z: 6,
      itemStyle: { color: "transparent", borderColor: ink("dot"), borderWidth: 2 },
    };
  }
}
