// How clusters are told apart: Okabe and Ito's colours, a shape and a letter each, so that no colour is needed.

import { svg } from "./dom.js";

const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8f8200", "#7a7a7a"];
const DARK = { "#0072b2": "#3d9fe0", "#8f8200": "#f0e442", "#7a7a7a": "#b8b8b8" };
const SHAPES = [
  "M10 2a8 8 0 1 0 .01 0z", // circle
  "M10 1.500 19 18H1z", // triangle up
  "M3 3h14v14H3z", // square
  "M10 0 20 10 10 20 0 10z", // diamond
  "M10 18.500 1 2h18z", // triangle down
  "M7 1h6v6h6v6h-6v6H7v-6H1V7h6z", // plus
  "m10 0 2.900 6.600 7.100.700-5.400 4.700 1.600 7L10 15.300 3.800 19l1.600-7L0 7.300l7.100-.700z", // star
  "M5 1.500h10L20 10l-5 8.500H5L0 10z", // hexagon
];

export const dark = () => document.documentElement.dataset.theme === "dark";
export const letter = (row) => String.fromCharCode(65 + (row % 26));
export const shape = (row) => `path://${SHAPES[row % SHAPES.length]}`;

export function colour(row) {
  const found = COLOURS[row % COLOURS.length];
  return (dark() && DARK[found]) || found;
}

/** A cluster's mark as a small picture. */
export function mark(row) {
  const path = svg("path", { d: SHAPES[row % SHAPES.length], fill: colour(row) });
  return svg("svg", { class: "mark", viewBox: "0 0 20 20", "aria-hidden": "true" }, path);
}

/** A colour of the style sheet, for what is drawn on a canvas. */
export const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
