// Small helpers around the document; text is always set as text, never as HTML.

export const byId = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") node.addEventListener("click", value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** A sentence whose names stand between asterisks, as nodes. */
export function said(text) {
  return text.split("*").map((part, n) => (n % 2 ? el("em", {}, part) : part));
}

export const number = (value) => value.toLocaleString("en-GB");

const day = (time) => time.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** An epoch's name: a day is written as all days are. */
export const epoch = (name) => (/^\d{4}-\d\d-\d\d$/.test(name) ? day(new Date(name)) : name);

/** The day to which an instant belongs: midnight ends a day, it does not begin one. */
export function dayOf(moment) {
  return day(new Date(Date.parse(moment) - 1));
}

export function show(id, text) {
  const node = byId(id);
  node.hidden = !text;
  node.textContent = text || "";
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
