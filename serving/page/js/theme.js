// Light or dark: as the system has it, until somebody says otherwise.

import { byId } from "./dom.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const KEY = "kwadrant-theme";

export function begin(changed) {
  const button = byId("theme");
  const set = () => {
    const theme = localStorage.getItem(KEY) || (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-pressed", String(theme === "dark"));
    changed();
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    set();
  });
  system.addEventListener("change", set);
  set();
}
