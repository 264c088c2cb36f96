// What all parts share: the data, elements, numbers as text, the tip, and the state that the address keeps.
const data = JSON.parse(document.getElementById("data").textContent);
const tip = document.getElementById("tip");
const live = document.getElementById("live");
const root = document.documentElement;
const SVG = document.querySelector("svg").namespaceURI;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const element = (name, text, parent) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
};
const drawn = (name, attributes, parent) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (parent) parent.append(made);
  return made;
};
const exact = (x) => (x === null || x === undefined ? "—" : Number(x.toPrecision(4)).toString());
const spread = (mean, sd) => exact(mean) + (sd === null || sd === undefined ? "" : " ± " + exact(sd));

// The tip: a title and rows of [name, value, is nearest], near a point of the window.
const show = (x, y, title, rows) => {
  tip.replaceChildren();
  element("b", title, tip);
  if (rows.length) {
    const table = element("table", undefined, tip);
    for (const [name, value, near] of rows) {
      const row = element("tr", undefined, table);
      if (near) row.className = "near";
      element("td", name, row);
      element("td", value, row);
    }
  }
  tip.style.display = "block";
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
  tip.style.top = Math.max(4, y + 14 + box.height > innerHeight ? y - box.height - 12 : y + 14) + "px";
};
const hide = (svg) => {
  tip.style.display = "none";
  if (svg) svg.classList.remove("active");
};

// A point of the window in the units of the drawing, and back.
const inside = (svg, event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
const outside = (svg, x, y) => new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
const numbers = (svg, name) => svg.dataset[name].split(",").map(Number);
const nearest = (values, x) => values.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(values[best] - x) ? i : best), 0);

// What a reader chose stands behind the # of the address, so that a reload and a link keep it. A part without `=` is an anchor.
const LISTS = ["on", "hide", "pin"];
const WORDS = ["theme", "layer", "sort", "colour", "shape", "find"];
const state = { theme: "", layer: "", sort: "", colour: "", shape: "", find: "", on: new Set(), hide: new Set(), pin: new Set() };
const decode = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const parse = () => {
  for (const name of WORDS) state[name] = "";
  for (const name of LISTS) state[name] = new Set();
  let anchor = "";
  for (const part of location.hash.slice(1).split("&").filter((part) => part)) {
    const at = part.indexOf("=");
    const [name, value] = at < 0 ? ["", part] : [part.slice(0, at), part.slice(at + 1)];
    if (LISTS.includes(name)) state[name] = new Set(value.split(",").filter((item) => item).map(decode));
    else if (WORDS.includes(name)) state[name] = decode(value);
    else if (at < 0) anchor = decode(part);
  }
  return anchor;
};
let anchor = parse();
const watchers = [];
const tell = () => watchers.forEach((watcher) => watcher());
const keep = () => {
  const parts = anchor ? [encodeURIComponent(anchor)] : [];
  for (const name of WORDS) if (state[name]) parts.push(`${name}=${encodeURIComponent(state[name])}`);
  for (const name of LISTS) if (state[name].size) parts.push(`${name}=${[...state[name]].map(encodeURIComponent).join(",")}`);
  const hash = parts.length ? "#" + parts.join("&") : "";
  if (hash === location.hash) return;
  try {
    history.replaceState(null, "", hash || location.pathname + location.search);
  } catch {
    // A page in a frame without an address of its own.
  }
};
const change = (patch) => {
  Object.assign(state, patch);
  keep();
  tell();
};
const toggled = (set, item) => {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
};
// A link of the page's own, or an address that was typed.
const arrived = () => document.getElementById(anchor)?.scrollIntoView();
addEventListener("hashchange", () => {
  const chosen = { ...state };
  const before = anchor;
  anchor = parse();
  if (!location.hash.includes("=")) Object.assign(state, chosen);
  keep();
  if (anchor !== before) arrived();
  tell();
});
if (anchor && location.hash.includes("=")) requestAnimationFrame(arrived);

const theme = () => {
  if (state.theme) root.dataset.theme = state.theme;
  else delete root.dataset.theme;
};
watchers.push(theme);
theme();
root.classList.add("scripted");
document.getElementById("theme").addEventListener("click", () => {
  const dark = state.theme ? state.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  change({ theme: dark ? "light" : "dark" });
});
