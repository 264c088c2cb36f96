// Pointer and arrow keys move a pick over a drawing; `place` says what it is at a position and draws it.
const pickable = (svg, size, find, place) => {
  let at = null;
  const go = (position, pointer) => {
    at = position;
    svg.classList.add("active");
    const text = place(position, pointer);
    if (!pointer) live.textContent = text;
  };
  svg.addEventListener("pointermove", (event) => {
    const point = inside(svg, event);
    const position = find(point);
    if (position) go(position, { x: event.clientX, y: event.clientY, point });
    else hide(svg);
  });
  svg.addEventListener("pointerleave", () => hide(svg));
  svg.addEventListener("blur", () => hide(svg));
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Escape") return hide(svg);
    if (!step) return;
    event.preventDefault();
    const clamp = (x, n) => Math.max(0, Math.min(n - 1, x));
    go(at ? [clamp(at[0] + step[0], size[0]), clamp(at[1] + step[1], size[1])] : [0, 0]);
  });
};

// What is chosen in one legend is chosen in all that have it.
const isolation = (figure) => {
  const buttons = all(".legend button[data-series]", figure);
  if (!buttons.length) return;
  const clear = element("button", "Show all", element("li", undefined, figure.querySelector(".legend")));
  clear.type = "button";
  clear.className = "all";
  clear.addEventListener("click", () => change({ on: new Set() }));
  const draw = (preview) => {
    const here = new Set(buttons.filter((button) => state.on.has(button.dataset.name)).map((button) => button.dataset.series));
    const shown = preview === undefined ? here : new Set([...here, preview]);
    for (const svg of all(".drawing svg", figure)) {
      svg.classList.toggle("isolated", shown.size > 0);
      for (const series of all(".series", svg)) series.classList.toggle("on", shown.has(series.dataset.series));
    }
    for (const button of buttons) button.setAttribute("aria-pressed", String(here.has(button.dataset.series)));
    clear.hidden = here.size === 0;
  };
  for (const button of buttons) {
    button.addEventListener("click", () => change({ on: toggled(state.on, button.dataset.name) }));
    button.addEventListener("pointerenter", () => draw(button.dataset.series));
    button.addEventListener("pointerleave", () => draw());
  }
  figure.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.on.size) change({ on: new Set() });
  });
  watchers.push(() => draw());
  draw();
};

const curves = (figure, svg, values) => {
  const xs = numbers(svg, "x");
  const [top, bottom, zero, one] = numbers(svg, "y");
  const cursor = svg.querySelector(".cursor");
  const styled = new Set(all(".series:not(.rest)", svg).map((series) => Number(series.dataset.series)));
  const visible = (i) => (values.rows.some((name) => state.on.has(name)) ? state.on.has(values.rows[i]) : styled.has(i));
  const at = (column) =>
    values.rows
      .map((name, i) => ({ name, i, mean: values.mean[i][column], sd: values.sd[i][column] }))
      .filter((row) => visible(row.i) && row.mean !== null)
      .sort((a, b) => b.mean - a.mean);
  const y = (mean) => zero + mean * (one - zero);
  const closest = (rows, point) =>
    rows.reduce((best, row) => (best && Math.abs(y(best.mean) - point.y) <= Math.abs(y(row.mean) - point.y) ? best : row), null);
  const find = (point) => (point.y < top - 6 || point.y > bottom + 24 ? null : [0, nearest(xs, point.x)]);
  pickable(svg, [1, xs.length], find, ([, column], pointer) => {
    cursor.setAttribute("transform", `translate(${xs[column]} 0)`);
    const rows = at(column);
    const near = pointer ? closest(rows, pointer.point) : null;
    const title = values.places[column];
    const corner = pointer || outside(svg, xs[column], top);
    show(corner.x, corner.y, title, rows.map((row) => [row.name, spread(row.mean, row.sd), row === near]));
    return `${title}: ` + rows.map((row) => `${row.name} ${spread(row.mean, row.sd)}`).join(", ");
  });
  svg.addEventListener("click", (event) => {
    const point = inside(svg, event);
    if (!find(point)) return;
    const row = closest(at(nearest(xs, point.x)), point);
    if (row && Math.abs(y(row.mean) - point.y) < 14 && values.rows.length > 1) change({ on: toggled(state.on, row.name) });
  });
};

const dots = (figure, svg, values) => {
  const [top, height, n] = numbers(svg, "rows");
  const find = (point) => {
    const row = Math.floor((point.y - top) / height);
    return row >= 0 && row < n ? [row, 0] : null;
  };
  pickable(svg, [n, 1], find, ([r], pointer) => {
    const value = spread(values.mean[r][0], values.sd[r][0]);
    const corner = pointer || outside(svg, 40, top + (r + 1) * height);
    show(corner.x, corner.y, values.rows[r], [[values.places[0], value]]);
    return `${values.rows[r]}: ${value}`;
  });
};

// Marks that have their value as a title: it is shown at once, and by keys too.
const titled = (svg) => {
  const marks = all("rect > title, path > title", svg).map((title) => {
    const mark = title.parentNode;
    mark.dataset.tip = title.textContent;
    title.remove();
    return mark;
  });
  if (!marks.length) return;
  svg.setAttribute("tabindex", "0");
  const say = (mark, x, y) => {
    all(".pointed", svg).forEach((other) => other.classList.remove("pointed"));
    mark.classList.add("pointed");
    const [title, value] = [mark.dataset.tip.replace(/: [^:]*$/, ""), mark.dataset.tip.match(/: ([^:]*)$/)?.[1] ?? ""];
    show(x, y, title, [["", value]]);
  };
  const leave = () => {
    all(".pointed", svg).forEach((other) => other.classList.remove("pointed"));
    hide(svg);
  };
  svg.addEventListener("pointermove", (event) => {
    const mark = event.target.closest?.("[data-tip]");
    if (mark) say(mark, event.clientX, event.clientY);
    else leave();
  });
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("blur", leave);
  let at = -1;
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    at = Math.max(0, Math.min(marks.length - 1, at + step));
    const box = marks[at].getBoundingClientRect();
    say(marks[at], box.right, box.bottom);
    live.textContent = marks[at].dataset.tip;
  });
};
