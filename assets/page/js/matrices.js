// One matrix of several at a time, with the shades that the drawing has; the layer is that of the whole page.
const short = (x, decimals) => (x === null ? "—" : x.toFixed(decimals).replace(/^(-?)0\./, "$1.").replace(/^-(\.?0*)$/, "$1"));
const fillCells = (svg, mean, present) => {
  const [diverging, full, steps, decimals] = numbers(svg, "shades");
  const rects = all(".cells rect:not(.mark)", svg);
  const texts = all(".cells .number", svg);
  const shade = (x) => {
    if (x === null) return ["gap", false];
    const step = Math.round(Math.max(0, Math.min(1, (diverging ? Math.abs(x) : x) / (full || 1))) * steps);
    return [(diverging && x < 0 && step > 0 ? "n" : "q") + step, step * 2 > steps];
  };
  let i = 0;
  mean.forEach((row, r) =>
    row.forEach((value, c) => {
      if (!present([r, c])) return;
      const [name, strong] = shade(value);
      rects[i].setAttribute("class", name);
      if (texts[i]) {
        texts[i].setAttribute("class", strong ? "number strong" : "number");
        texts[i].textContent = short(value, decimals);
      }
      i++;
    }),
  );
};
const presentIn = (values) => ([r, c]) => !values.triangle || c <= r;

const frames = (figure, values) => {
  const label = figure.querySelector(".frames");
  if (!label) return;
  label.hidden = false;
  const input = label.querySelector("input");
  const first = values.frame;
  const draw = () => {
    const found = values.frames.findIndex((frame) => frame.name === state.layer);
    const index = found < 0 ? first : found;
    values.mean = values.frames[index].mean;
    input.value = index;
    input.setAttribute("aria-valuetext", values.frames[index].name);
    label.querySelector("output").textContent = values.frames[index].name;
    for (const svg of all(".drawing svg[data-chart]", figure)) fillCells(svg, values.mean, presentIn(values));
  };
  input.addEventListener("input", () => change({ layer: values.frames[input.value].name }));
  watchers.push(draw);
  draw();
};

// Which of the rows stands where, from the top.
const sorted = (values) => {
  const order = values.rows.map((_, i) => i);
  const peak = (row) => row.reduce((best, x, i) => (x !== null && (best < 0 || x > row[best]) ? i : best), -1);
  if (state.sort === "peak") order.sort((a, b) => peak(values.mean[a]) - peak(values.mean[b]) || a - b);
  if (state.sort === "name") order.sort((a, b) => values.rows[a].localeCompare(values.rows[b], undefined, { numeric: true }));
  return order;
};
const SORTS = [["", "importance"], ["peak", "where they peak"], ["name", "name"]];
const sortable = (values) => values.along && values.rows.length > 2 && !values.frames;
const sorting = (figure, values) => {
  if (!sortable(values)) return;
  const label = element("label", "Rows by ");
  label.className = "sort";
  const select = element("select", undefined, label);
  for (const [value, name] of SORTS) element("option", figure.dataset.figure === "metric" && !value ? "as given" : name, select).value = value;
  select.addEventListener("change", () => change({ sort: select.value }));
  const draw = () => (select.value = state.sort);
  watchers.push(draw);
  draw();
  figure.prepend(label);
};

const heatmap = (figure, svg, values) => {
  const [left, top, cell, row, columns, rows] = numbers(svg, "layout");
  const pick = svg.querySelector(".pick");
  const present = presentIn(values);
  const groups = all(".cells > .row", svg);
  let order = values.rows.map((_, i) => i);
  const draw = () => {
    if (sortable(values)) order = sorted(values);
    const chosen = values.rows.some((name) => state.on.has(name)) && values.along;
    order.forEach((r, at) => {
      if (at === r) groups[r].removeAttribute("transform");
      else groups[r].setAttribute("transform", `translate(0 ${(at - r) * row})`);
      groups[r].classList.toggle("dim", Boolean(chosen) && !state.on.has(values.rows[r]));
    });
  };
  watchers.push(draw);
  draw();
  const find = (point) => {
    const position = [Math.floor((point.y - top) / row), Math.floor((point.x - left) / cell)];
    const there = position[0] >= 0 && position[0] < rows && position[1] >= 0 && position[1] < columns;
    return there && present([order[position[0]], position[1]]) ? position : null;
  };
  pickable(svg, [rows, columns], find, ([at, c], pointer) => {
    const r = order[at];
    pick.setAttribute("x", left + c * cell);
    pick.setAttribute("y", top + at * row);
    const value = present([r, c]) ? spread(values.mean[r][c], values.sd.length ? values.sd[r][c] : null) : "—";
    const corner = pointer || outside(svg, left + (c + 1) * cell, top + at * row);
    show(corner.x, corner.y, values.rows[r], [[values.places[c], value]]);
    return `${values.rows[r]}, ${values.places[c]}: ${value}`;
  });
};

for (const figure of all("[data-figure]")) {
  const values = data.figures[figure.dataset.figure];
  values.places = values.columns.map((name) =>
    values.along && values.along !== "array" && !/\p{L}/u.test(name) ? `${values.along} ${name}` : name,
  );
  const charts = { curves, heatmap, dots };
  isolation(figure);
  const drawings = all(".drawing > svg", figure);
  if (drawings.some((svg) => svg.dataset.chart === "heatmap")) {
    sorting(figure, values);
    frames(figure, values);
  }
  for (const svg of drawings) {
    const chart = charts[svg.dataset.chart];
    if (chart) chart(figure, svg, values);
    else titled(svg);
  }
}

// On paper there is no slider: every layer is drawn. What is folded is open.
const printing = { opened: [], added: [] };
addEventListener("beforeprint", () => {
  for (const details of all("details:not([open])")) {
    if (details.closest(".tools")) continue;
    details.open = true;
    printing.opened.push(details);
  }
  for (const figure of all("[data-figure]")) {
    const values = data.figures[figure.dataset.figure];
    const svg = figure.querySelector(".drawing > svg.wide");
    if (!values.frames || !svg) continue;
    const name = (text, before) => {
      const title = element("p", text);
      title.className = "frame-name";
      before.before(title);
      printing.added.push(title);
    };
    const shown = values.frames.findIndex((frame) => frame.mean === values.mean);
    values.frames.forEach((frame, i) => {
      if (i === shown) return name(frame.name, svg);
      const copy = svg.cloneNode(true);
      copy.removeAttribute("tabindex");
      fillCells(copy, frame.mean, presentIn(values));
      if (i < shown) svg.before(copy);
      else svg.parentNode.append(copy);
      name(frame.name, copy);
      printing.added.push(copy);
    });
  }
});
addEventListener("afterprint", () => {
  printing.opened.forEach((details) => (details.open = false));
  printing.added.forEach((copy) => copy.remove());
  printing.opened = [];
  printing.added = [];
});
