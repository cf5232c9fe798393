// How far each centre has come since the first version shown: all ways begin in the middle.

import { init } from "../vendor/echarts.js";
import { byId, calm, show } from "./dom.js";
import { colour, ink, letter, shape } from "./palette.js";

/** The next of 1, 2, 4 and 8 times a power of ten, with some room. */
function round(far) {
  const power = 10 ** Math.floor(Math.log10(far * 1.1));
  return [1, 2, 4, 8, 10].map((step) => step * power).find((step) => step >= far * 1.1);
}

export class Drift {
  constructor() {
    this.chart = init(byId("drift"), null, { renderer: "canvas" });
    new ResizeObserver(() => this.chart.resize()).observe(byId("drift"));
  }

  draw(model) {
    const long = model.paths.filter(({ points }) => points.length > 1);
    show("drift-empty", long.length ? "" : "One version so far: centres move when a day closes.");
    if (!long.length) return this.chart.clear();
    const versions = long.flatMap(({ points }) => points.map(([version]) => version));
    byId("drift-note").textContent =
      `Way of each centre from version ${Math.min(...versions)} to ${Math.max(...versions)}, in robust standard deviations.`;
    const row = Object.fromEntries(model.clusters.map((cluster, n) => [cluster.cluster, n]));
    const ways = long.map(({ cluster, points }) => ({
      cluster, name: model.clusters[row[cluster]].name, n: row[cluster],
      points: points.map(([version, x, y]) => [x - points[0][1], y - points[0][2], version]),
    }));
    const far = round(Math.max(0.005, ...ways.flatMap(({ points }) => points.flatMap(([x, y]) => [Math.abs(x), Math.abs(y)]))));
    this.chart.setOption({ ...this.frame(far), series: ways.map((way) => this.line(way)) }, { replaceMerge: ["series"] });
    return undefined;
  }

  frame(far) {
    const digits = Math.max(0, 1 - Math.floor(Math.log10(far / 2)));
    const axis = (name) => ({
      type: "value", min: -far, max: far, name, nameLocation: "middle", nameGap: 24, interval: far / 2,
      nameTextStyle: { color: ink("soft"), fontSize: 12 }, splitLine: { lineStyle: { color: ink("line") } },
      axisLabel: { color: ink("soft"), formatter: (value) => String(Number(value.toFixed(digits))).replace("-", "−") },
      axisLine: { onZero: false, lineStyle: { color: ink("line") } },
    });
    const yAxis = { ...axis("potential value"), nameGap: 34 };
    return {
      animation: !calm(), grid: { left: 52, right: 16, top: 10, bottom: 40 }, xAxis: axis("current value"), yAxis,
      tooltip: { renderMode: "richText", confine: true, formatter: ({ seriesName, data }) =>
        `${seriesName}\nversion ${(data.value ?? data)[2]}` },
    };
  }

  line({ cluster, name, n, points }) {
    const last = points.length - 1;
    const data = points.map((point, k) => ({
      value: point, symbol: k === last ? shape(n) : "circle", symbolSize: k === last ? 16 : 4,
      label: { show: k === last, formatter: letter(n), color: ink("ink"), position: "right", fontWeight: 700 },
    }));
    const colours = { lineStyle: { color: colour(n), width: 2 }, itemStyle: { color: colour(n) } };
    return { id: String(cluster), name, type: "line", data, ...colours };
  }
}
