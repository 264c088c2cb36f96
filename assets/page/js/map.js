// The stimuli: how they are coloured, shaped and filtered, which is the same in the map, the small maps and the list.
const sentences = data.sentences;
const features = data.stimuli || [];
const nStimuli = data.n_stimuli;
const feature = (name) => features.find((column) => column.name === name);
const valueOf = (column, i) => {
  if (column.levels) return column.codes[i] === null ? null : column.levels[column.codes[i]];
  return column.values[i];
};
const textOf = (column, i) => {
  const value = valueOf(column, i);
  return value === null || value === undefined ? "—" : String(value);
};
const nameOf = (i) => (sentences ? sentences[i] : `stimulus ${i}`);
const colourBy = () => feature(state.colour) || features[data.colour] || null;
const shapeBy = () => (state.shape ? feature(state.shape) : null);
const LEVELS = 8;
const part = (column, i) => {
  const value = column.values[i];
  if (value === null) return null;
  const [low, high] = column.range;
  return Math.min(9, Math.floor(((value - low) / (high - low || 1)) * 10));
};
for (const column of features) {
  if (column.levels) continue;
  const known = column.values.filter((x) => x !== null);
  column.range = [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), -Infinity)];
}

// Every word of the search is in the sentence, or is `feature=level`.
let words = [];
const wanted = (i) => {
  for (const item of state.hide) {
    const at = item.indexOf("=");
    const column = feature(item.slice(0, at));
    if (column && textOf(column, i) === item.slice(at + 1)) return false;
  }
  return words.every((word) => {
    const at = word.indexOf("=");
    const column = at > 0 && features.find((column) => column.name.toLowerCase() === word.slice(0, at));
    return column ? textOf(column, i).toLowerCase() === word.slice(at + 1) : nameOf(i).toLowerCase().includes(word);
  });
};
let passing = [];
const filter = () => {
  words = state.find.toLowerCase().split(/\s+/).filter((word) => word);
  passing = Array.from({ length: nStimuli }, (_, i) => wanted(i));
};
filter();
watchers.push(filter);

// The points of a map, from 0 to 1: three bytes each, twelve bits for x and for y.
const unpack = (map, n) => {
  const bytes = atob(map.points);
  return Array.from({ length: n }, (_, i) => {
    const three = (bytes.charCodeAt(3 * i) << 16) | (bytes.charCodeAt(3 * i + 1) << 8) | bytes.charCodeAt(3 * i + 2);
    return [(three >> 12) / 4095, 1 - (three & 4095) / 4095];
  });
};
const geometry = data.geometry;
if (geometry) for (const map of geometry.maps) map.at = unpack(map, geometry.stimuli.length);
const pointOf = new Map((geometry?.stimuli || []).map((stimulus, i) => [stimulus, i]));

// The marks of the figures' legends, around a point, as paths.
const MARKS = [
  null,
  [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  [[0, -1.3], [1.2, 1], [-1.2, 1]],
  [[0, -1.4], [1.4, 0], [0, 1.4], [-1.4, 0]],
  [[0, 1.3], [1.2, -1], [-1.2, -1]],
  [[-1.4, -0.5], [1.4, -0.5], [1.4, 0.5], [-1.4, 0.5]],
  [[-0.5, -1.4], [0.5, -1.4], [0.5, 1.4], [-0.5, 1.4]],
  [[0, -1.4], [1.3, -0.45], [0.8, 1.2], [-0.8, 1.2], [-1.3, -0.45]],
];
const fixed = (x) => Number(x.toFixed(1));
const mark = (style, x, y, r) =>
  MARKS[style]
    ? "M" + MARKS[style].map(([dx, dy]) => `${fixed(x + dx * r)} ${fixed(y + dy * r)}`).join("L") + "Z"
    : `M${fixed(x - r)} ${fixed(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
const markOf = (column, i) => (column && column.levels && column.codes[i] !== null ? column.codes[i] % LEVELS : 0);

// The colours of the figures, asked of the style sheet, so that they follow light and dark.
const palette = () => {
  const probe = drawn("svg", { class: "hidden" }, document.body);
  const fill = (outer, inner) => {
    const group = drawn("g", { class: outer }, probe);
    return getComputedStyle(drawn("path", { class: inner }, group)).fill;
  };
  const found = {
    levels: Array.from({ length: LEVELS }, (_, i) => fill("s" + i, "marker")),
    shades: Array.from({ length: 10 }, (_, i) => fill("", "q" + (i + 3))),
    grey: fill("", "null"),
  };
  probe.remove();
  return found;
};
const colourOf = (column, i, colours) => {
  if (!column) return colours.grey;
  if (column.levels) return (column.codes[i] !== null && colours.levels[column.codes[i]]) || colours.grey;
  const at = part(column, i);
  return at === null ? colours.grey : colours.shades[at];
};

// The small maps, as the figure has them: the same places, coloured as the large one.
const small = () => {
  const svgs = all('svg[data-chart="maps"]');
  if (!geometry || !svgs.length) return;
  const step = Math.max(1, Math.ceil(geometry.stimuli.length / 400));
  const drawn_ = () => {
    const colours = palette();
    const column = colourBy();
    for (const svg of svgs) {
      for (const panel of all(".map", svg)) {
        const [left, top, side] = numbers(panel, "square");
        const at = geometry.maps[panel.dataset.map].at;
        const groups = new Map();
        geometry.stimuli.forEach((stimulus, i) => {
          const pinned = state.pin.has(String(stimulus));
          if ((i % step && !pinned) || !passing[stimulus]) return;
          const fill = colourOf(column, stimulus, colours);
          groups.set(fill, (groups.get(fill) || "") + `M${fixed(left + at[i][0] * side)} ${fixed(top + at[i][1] * side)}h0`);
        });
        panel.replaceChildren();
        for (const [fill, d] of groups) drawn("path", { class: "dots", d, style: `stroke:${fill}` }, panel);
        for (const pinned of state.pin) {
          const i = pointOf.get(Number(pinned));
          if (i !== undefined) drawn("circle", { class: "pinned", cx: fixed(left + at[i][0] * side), cy: fixed(top + at[i][1] * side), r: 5 }, panel);
        }
      }
      key(svg, column, colours);
    }
  };
  const key = (svg, column, colours) => {
    const group = svg.querySelector(".key");
    group.replaceChildren();
    if (!column) return;
    const entries = column.levels
      ? column.levels.slice(0, LEVELS).map((name, i) => [name, colours.levels[i]])
      : [[exact(column.range[0]), colours.shades[0]], [exact(column.range[1]), colours.shades[9]]];
    if (column.levels && column.levels.length > LEVELS) entries.push([`${column.levels.length - LEVELS} more`, colours.grey]);
    const width = svg.viewBox.baseVal.width;
    let x = drawnText(group, 0, column.name + ":", "title");
    for (const [name, fill] of entries) {
      const cut = name.length > 24 ? name.slice(0, 23) + "…" : name;
      if (x > width - 60) break;
      drawn("path", { class: "dots", d: `M${x + 5} 8h0`, style: `stroke:${fill}` }, group);
      x = drawnText(group, x + 12, cut, "tick");
    }
  };
  const drawnText = (group, x, text, name) => {
    const made = drawn("text", { class: name, x, y: 12 }, group);
    made.textContent = text;
    // A drawing that is not shown has no lengths.
    return x + (made.getComputedTextLength() || 6.6 * text.length) + 14;
  };
  const draw = () => drawn_();
  watchers.push(draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
};
small();
