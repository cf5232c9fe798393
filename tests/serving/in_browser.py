"""What the tests of the page have the browser say of itself."""

RINGS = """async () => {
  const { getInstanceByDom } = await import("/page/files/vendor/echarts.js");
  const found = getInstanceByDom(document.getElementById("map"));
  return found?.getOption()?.series.find((one) => one.id === "flags")?.data.length ?? 0;
}"""

DRAWN = """async (customer) => {
  const { getInstanceByDom } = await import("/page/files/vendor/echarts.js");
  const { series } = getInstanceByDom(document.getElementById("map")).getOption();
  const dot = series.find((one) => one.id === "customers").data.find((one) => one.name === customer);
  return dot ? [...dot.value, dot.cluster] : null;
}"""

NAMES = """() => [...document.querySelectorAll("button, input")].map(
  (n) => n.getAttribute("aria-label") || n.textContent.trim() || n.labels[0]?.textContent)"""

CONTRAST = """() => {
  const value = (text) => {
    const parts = text.match(/[\\d.]+/g).map(Number), lit = parts.slice(0, 3).map((c) => c / 255);
    const l = lit.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return { l: 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2], clear: parts.length > 3 && parts[3] < 1 };
  };
  const ground = (n) => {
    for (let at = n; at; at = at.parentElement) {
      const found = value(getComputedStyle(at).backgroundColor);
      if (!found.clear) return found.l;
    }
    return 1;
  };
  const low = [];
  for (const n of document.querySelectorAll("main *, header *")) {
    const own = [...n.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    if (!own || !n.checkVisibility() || n.closest("svg")) continue;
    const a = value(getComputedStyle(n).color).l, b = ground(n);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${n.tagName}.${n.className} ${n.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return low;
}"""
