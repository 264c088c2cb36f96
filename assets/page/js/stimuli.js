// The large map with its list: what is under the pointer in one is marked in the other, and a click pins it in both.
const SHOWN = 200;
const explorer = () => {
  const box = document.getElementById("explorer");
  if (!box || !features.length) return;
  box.hidden = false;
  const canvas = box.querySelector("canvas");
  const list = box.querySelector(".list");
  const [search, count] = [box.querySelector("input[type=search]"), box.querySelector(".count")];
  const layer = box.querySelector("input[type=range]");
  const selects = { colour: box.querySelector("select.colour"), shape: box.querySelector("select.shape") };
  const mapped = geometry && canvas;
  let at = null;

  const map = () => {
    const found = geometry.maps.findIndex((map) => map.place === state.layer);
    return geometry.maps[found < 0 ? data.best : found] || geometry.maps[0];
  };
  const place = ([x, y], size) => [10 + x * (size - 20), 10 + y * (size - 20)];
  const radius = () => (geometry.stimuli.length > 1500 ? 2.4 : 3.4);
  // What is drawn: stimuli that do not pass are faint, and those that are pinned come last.
  const scene = (size) => {
    const [colours, column, shape, points] = [palette(), colourBy(), shapeBy(), map().at];
    const one = (stimulus, i) => {
      const [x, y] = place(points[i], size);
      return { stimulus, x, y, fill: colourOf(column, stimulus, colours), d: mark(markOf(shape, stimulus), x, y, radius()), on: passing[stimulus] };
    };
    return geometry.stimuli.map(one).sort((a, b) => a.on - b.on);
  };
  const rings = () => [...state.pin].map(Number).filter((stimulus) => pointOf.has(stimulus));
  const drawMap = () => {
    if (!mapped) return;
    const size = canvas.clientWidth;
    if (!size) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.height = size * ratio;
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const point of scene(size)) {
      pen.globalAlpha = point.on ? 0.78 : 0.05;
      pen.fillStyle = point.fill;
      pen.fill(new Path2D(point.d));
    }
    pen.globalAlpha = 1;
    pen.strokeStyle = getComputedStyle(canvas).color;
    const ring = (stimulus, width) => {
      const [x, y] = place(map().at[pointOf.get(stimulus)], size);
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(x, y, radius() + 3.5, 0, 7);
      pen.stroke();
    };
    rings().forEach((stimulus) => ring(stimulus, 1.6));
    if (at !== null && pointOf.has(at)) ring(at, 2.6);
    const index = geometry.maps.indexOf(map());
    layer.value = index;
    layer.setAttribute("aria-valuetext", map().place);
    box.querySelector("output").textContent = `${map().place}, stress ${map().stress.toFixed(2)}`;
  };
  // The large map as a drawing, for files.
  const asSvg = () => {
    const size = 720;
    const svg = drawn("svg", { viewBox: `0 0 ${size} ${size}` });
    for (const point of scene(size)) if (point.on) drawn("path", { d: point.d, fill: point.fill, "fill-opacity": 0.78 }, svg);
    for (const stimulus of rings()) {
      const [x, y] = place(map().at[pointOf.get(stimulus)], size);
      drawn("circle", { cx: x, cy: y, r: radius() + 3.5, fill: "none", stroke: "#111", "stroke-width": 1.6 }, svg);
    }
    return svg;
  };

  const legends = () => {
    const colours = palette();
    for (const [kind, column] of [["colour", colourBy()], ["shape", shapeBy()]]) {
      const legend = box.querySelector(`.legend.${kind}`);
      if (!legend) continue;
      const focused = legend.contains(document.activeElement) ? document.activeElement.dataset.item : null;
      legend.replaceChildren();
      if (!column) continue;
      const entry = (name, fill, style, item) => {
        const button = element(item ? "button" : "span", undefined, element("li", undefined, legend));
        const svg = drawn("svg", { viewBox: "0 0 12 12", class: "point" }, button);
        drawn("path", { d: mark(style, 6, 6, 4.2), style: `fill:${fill}` }, svg);
        element("span", name, button);
        if (!item) return;
        button.type = "button";
        button.dataset.item = item;
        button.setAttribute("aria-pressed", String(!state.hide.has(item)));
        button.title = state.hide.has(item) ? "show them" : "leave them out";
        button.addEventListener("click", () => change({ hide: toggled(state.hide, item) }));
        if (item === focused) button.focus();
      };
      if (column.levels) {
        column.levels.slice(0, 24).forEach((name, i) =>
          entry(name, kind === "colour" ? colours.levels[i] || colours.grey : "currentColor", kind === "shape" ? i % LEVELS : 0, `${column.name}=${name}`),
        );
        if (column.levels.length > 24) entry(`${column.levels.length - 24} more`, colours.grey, 0);
      } else {
        entry(exact(column.range[0]), colours.shades[0], 0);
        entry(exact(column.range[1]), colours.shades[9], 0);
      }
    }
  };

  const drawList = () => {
    const pinned = [...state.pin].map(Number).filter((i) => i < nStimuli);
    const rest = [];
    let n = 0;
    for (let i = 0; i < nStimuli; i++) {
      if (!passing[i]) continue;
      n++;
      if (rest.length < SHOWN && !state.pin.has(String(i))) rest.push(i);
    }
    const shown = [...pinned, ...rest];
    list.replaceChildren();
    const column = colourBy();
    const colours = palette();
    for (const i of shown) {
      const item = element("li", undefined, list);
      item.id = `stimulus-${i}`;
      item.dataset.stimulus = i;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(state.pin.has(String(i))));
      const point = drawn("svg", { viewBox: "0 0 12 12", class: "point" }, item);
      drawn("path", { d: mark(markOf(shapeBy(), i), 6, 6, 4.2), style: `fill:${colourOf(column, i, colours)}` }, point);
      element("span", nameOf(i), item);
      if (column) element("small", textOf(column, i), item);
    }
    const more = n - rest.length - pinned.filter((i) => passing[i]).length;
    count.textContent = `${n} of ${nStimuli}` + (more > 0 ? `, the first ${SHOWN} listed` : "") + (pinned.length ? `, ${pinned.length} pinned` : "");
    pointTo(at, false);
  };
  const pointTo = (stimulus, scroll) => {
    all(".at", list).forEach((item) => item.classList.remove("at"));
    const item = stimulus === null ? null : document.getElementById(`stimulus-${stimulus}`);
    if (!item) return list.removeAttribute("aria-activedescendant");
    item.classList.add("at");
    list.setAttribute("aria-activedescendant", item.id);
    if (scroll) list.scrollTop = item.offsetTop - list.clientHeight / 2;
  };
  const facts = (stimulus) => {
    const chosen = [...new Set([colourBy(), shapeBy(), ...features.slice(0, 6)])].filter((column) => column);
    return chosen.map((column) => [column.name, textOf(column, stimulus)]);
  };
  const go = (stimulus, from) => {
    if (stimulus === at && from !== "key") return;
    at = stimulus;
    drawMap();
    pointTo(at, from !== "list");
    if (from === "key" && at !== null) live.textContent = `${nameOf(at)}, ${facts(at).map((pair) => pair.join(" ")).join(", ")}`;
  };
  const pin = (stimulus) => stimulus !== null && change({ pin: toggled(state.pin, String(stimulus)) });
  const say = (stimulus, x, y) => show(x, y, nameOf(stimulus), facts(stimulus));

  if (mapped) {
    const under = (event) => {
      const area = canvas.getBoundingClientRect();
      const [x, y] = [event.clientX - area.left, event.clientY - area.top];
      let best = 14;
      let found = null;
      geometry.stimuli.forEach((stimulus, i) => {
        if (!passing[stimulus]) return;
        const [px, py] = place(map().at[i], area.width);
        const apart = Math.hypot(px - x, py - y);
        if (apart < best) [best, found] = [apart, stimulus];
      });
      return found;
    };
    canvas.addEventListener("pointermove", (event) => {
      go(under(event));
      if (at === null) hide();
      else say(at, event.clientX, event.clientY);
    });
    canvas.addEventListener("click", (event) => pin(under(event)));
    const leave = () => {
      hide();
      go(null);
    };
    canvas.addEventListener("pointerleave", leave);
    canvas.addEventListener("blur", leave);
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        pin(at);
      }
      if (!step) return;
      event.preventDefault();
      const on = geometry.stimuli.filter((stimulus) => passing[stimulus]);
      if (!on.length) return;
      go(on[at === null ? 0 : (on.indexOf(at) + step + on.length) % on.length], "key");
      const area = canvas.getBoundingClientRect();
      const [x, y] = place(map().at[pointOf.get(at)], area.width);
      say(at, area.left + x, area.top + y);
    });
    layer.addEventListener("input", () => change({ layer: geometry.maps[layer.value].place }));
    new ResizeObserver(drawMap).observe(canvas);
    box.svg = asSvg;
  }
  list.addEventListener("pointerover", (event) => {
    const item = event.target.closest("li");
    if (item) go(Number(item.dataset.stimulus), "list");
  });
  list.addEventListener("pointerleave", () => go(null, "list"));
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) pin(Number(item.dataset.stimulus));
  });
  list.addEventListener("keydown", (event) => {
    const items = all("li", list).map((item) => Number(item.dataset.stimulus));
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      pin(at);
    }
    if (!step || !items.length) return;
    event.preventDefault();
    go(items[at === null ? 0 : Math.max(0, Math.min(items.length - 1, items.indexOf(at) + step))], "key");
  });
  list.addEventListener("blur", () => go(null, "list"));
  search.addEventListener("input", () => change({ find: search.value }));
  box.querySelector(".unpin").addEventListener("click", () => change({ pin: new Set(), hide: new Set(), find: "" }));
  for (const [kind, select] of Object.entries(selects)) {
    if (!select) continue;
    if (kind === "shape") element("option", "—", select).value = "";
    for (const column of features) if (kind === "colour" || column.levels) element("option", column.name, select).value = column.name;
    select.addEventListener("change", () => change({ [kind]: select.value }));
  }
  const draw = () => {
    if (search.value !== state.find) search.value = state.find;
    if (selects.colour) selects.colour.value = colourBy()?.name ?? "";
    if (selects.shape) selects.shape.value = shapeBy()?.name ?? "";
    box.querySelector(".unpin").hidden = !(state.pin.size || state.hide.size || state.find);
    legends();
    drawList();
    drawMap();
  };
  watchers.push(draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
};
explorer();
