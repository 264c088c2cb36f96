"use strict";
// What the page does beyond standing there: exact values under pointer and keys, isolation, CSV, light and dark.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const live = document.getElementById("live");
  const element = (name, text, parent) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
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
    svg.classList.remove("active");
  };

  // A point of the window in the units of the drawing, and back.
  const inside = (svg, event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const outside = (svg, x, y) => new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
  const numbers = (svg, name) => svg.dataset[name].split(",").map(Number);
  const nearest = (values, x) => values.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(values[best] - x) ? i : best), 0);

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

  const isolation = (figure, svg) => {
    const chosen = new Set();
    const buttons = [...figure.querySelectorAll(".legend button")];
    const draw = (preview) => {
      const shown = preview === undefined || chosen.has(preview) ? chosen : new Set([...chosen, preview]);
      svg.classList.toggle("isolated", shown.size > 0);
      for (const series of svg.querySelectorAll(".series")) series.classList.toggle("on", shown.has(series.dataset.series));
      for (const button of buttons) button.setAttribute("aria-pressed", String(chosen.has(button.dataset.series)));
    };
    const toggle = (series, add) => {
      const alone = chosen.has(series) && (add || chosen.size === 1);
      if (!add) chosen.clear();
      if (alone) chosen.delete(series);
      else chosen.add(series);
      draw();
    };
    for (const button of buttons) {
      button.addEventListener("click", (event) => toggle(button.dataset.series, event.shiftKey || event.ctrlKey || event.metaKey));
      button.addEventListener("pointerenter", () => draw(button.dataset.series));
      button.addEventListener("pointerleave", () => draw());
    }
    figure.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      chosen.clear();
      draw();
    });
    return { chosen, toggle };
  };

  const curves = (figure, svg, values) => {
    const { chosen, toggle } = isolation(figure, svg);
    const xs = numbers(svg, "x");
    const [top, bottom, zero, one] = numbers(svg, "y");
    const cursor = svg.querySelector(".cursor");
    const styled = new Set([...svg.querySelectorAll(".series:not(.rest)")].map((series) => Number(series.dataset.series)));
    const visible = (i) => (chosen.size ? chosen.has(String(i)) : styled.has(i));
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
      const title = `${values.along} ${values.columns[column]}`;
      const corner = pointer || outside(svg, xs[column], top);
      show(corner.x, corner.y, title, rows.map((row) => [row.name, spread(row.mean, row.sd), row === near]));
      return `${title}: ` + rows.map((row) => `${row.name} ${spread(row.mean, row.sd)}`).join(", ");
    });
    svg.addEventListener("click", (event) => {
      const point = inside(svg, event);
      if (!find(point)) return;
      const row = closest(at(nearest(xs, point.x)), point);
      if (row && Math.abs(y(row.mean) - point.y) < 14) toggle(String(row.i), event.shiftKey || event.ctrlKey || event.metaKey);
    });
  };

  // Puts another matrix into the cells of a heatmap, with the shades that the drawing has.
  const frames = (figure, svg, values, present) => {
    const label = figure.querySelector(".frames");
    if (!label) return;
    label.hidden = false;
    const [diverging, full, steps, decimals] = numbers(svg, "shades");
    const rects = [...svg.querySelectorAll(".cells rect:not(.mark)")];
    const texts = [...svg.querySelectorAll(".cells .number")];
    const short = (x) => (x === null ? "—" : x.toFixed(decimals).replace(/^(-?)0\./, "$1.").replace(/^-(\.?0*)$/, "$1"));
    const shade = (x) => {
      if (x === null) return ["gap", false];
      const step = Math.round(Math.max(0, Math.min(1, (diverging ? Math.abs(x) : x) / (full || 1))) * steps);
      return [(diverging && x < 0 && step > 0 ? "n" : "q") + step, step * 2 > steps];
    };
    const draw = (index) => {
      values.mean = values.frames[index].mean;
      label.querySelector("output").textContent = values.frames[index].name;
      let i = 0;
      values.mean.forEach((row, r) =>
        row.forEach((value, c) => {
          if (!present([r, c])) return;
          const [name, strong] = shade(value);
          rects[i].setAttribute("class", name);
          if (texts[i]) {
            texts[i].setAttribute("class", strong ? "number strong" : "number");
            texts[i].textContent = short(value);
          }
          i++;
        }),
      );
    };
    const input = label.querySelector("input");
    input.addEventListener("input", () => draw(Number(input.value)));
  };

  const heatmap = (figure, svg, values) => {
    const [left, top, cell, row, columns, rows] = numbers(svg, "layout");
    const pick = svg.querySelector(".pick");
    const present = ([r, c]) => !values.triangle || c <= r;
    frames(figure, svg, values, present);
    const find = (point) => {
      const position = [Math.floor((point.y - top) / row), Math.floor((point.x - left) / cell)];
      const there = position[0] >= 0 && position[0] < rows && position[1] >= 0 && position[1] < columns;
      return there && present(position) ? position : null;
    };
    pickable(svg, [rows, columns], find, ([r, c], pointer) => {
      pick.setAttribute("x", left + c * cell);
      pick.setAttribute("y", top + r * row);
      const column = `${values.along} ${values.columns[c]}`.trim();
      const value = spread(values.mean[r][c], values.sd.length ? values.sd[r][c] : null);
      const corner = pointer || outside(svg, left + (c + 1) * cell, top + r * row);
      show(corner.x, corner.y, values.rows[r], [[column, value]]);
      return `${values.rows[r]}, ${column}: ${value}`;
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
      show(corner.x, corner.y, values.rows[r], [[`${values.along} ${values.columns[0]}`, value]]);
      return `${values.rows[r]}: ${value}`;
    });
  };

  for (const figure of document.querySelectorAll("[data-figure]")) {
    const svg = figure.querySelector("svg[data-chart]");
    const charts = { curves, heatmap, dots, multiples: isolation };
    if (svg) charts[svg.dataset.chart](figure, svg, data.figures[figure.dataset.figure]);
  }

  // The points of a map, from 0 to 1: three bytes each, twelve bits for x and for y.
  const unpack = (map, n) => {
    const bytes = atob(map.points);
    return Array.from({ length: n }, (_, i) => {
      const three = (bytes.charCodeAt(3 * i) << 16) | (bytes.charCodeAt(3 * i + 1) << 8) | bytes.charCodeAt(3 * i + 2);
      return [(three >> 12) / 4095, (three & 4095) / 4095];
    });
  };

  // The map of one layer, all of its points, coloured by any feature.
  const explorer = () => {
    const root = document.getElementById("explorer");
    if (!root || !data.geometry) return;
    root.hidden = false;
    const { stimuli, maps } = data.geometry;
    const canvas = root.querySelector("canvas");
    const pen = canvas.getContext("2d");
    const [layer, colour] = [root.querySelector("input"), root.querySelector("select")];
    const features = data.tables.stimuli.filter((column) => column.name !== "sentence" || column.levels);
    const sentences = data.tables.stimuli.find((column) => column.name === "sentence" && !column.levels);
    // The colours of the figures, asked of the style sheet, so that they follow light and dark.
    const probe = document.querySelector("svg").cloneNode(false);
    probe.removeAttribute("data-chart");
    probe.setAttribute("class", "hidden");
    document.body.append(probe);
    const fill = (outer, inner) => {
      const group = document.createElementNS(probe.namespaceURI, "g");
      const path = document.createElementNS(probe.namespaceURI, "path");
      group.setAttribute("class", outer);
      path.setAttribute("class", inner);
      group.append(path);
      probe.append(group);
      const found = getComputedStyle(path).fill;
      group.remove();
      return found;
    };
    const points = maps.map((map) => unpack(map, stimuli.length).map(([x, y]) => [x, 1 - y]));
    const value = (column, i) => (column.levels ? (column.codes[i] === null ? null : column.levels[column.codes[i]]) : column.values[i]);
    let at = null;
    const place = ([x, y], size) => [8 + x * (size - 16), 8 + y * (size - 16)];
    const draw = () => {
      const size = canvas.clientWidth;
      const ratio = window.devicePixelRatio || 1;
      canvas.width = canvas.height = size * ratio;
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, size, size);
      const map = maps[layer.value];
      const column = features[colour.value];
      root.querySelector("output").textContent = `${map.layer}, stress ${map.stress.toFixed(2)}`;
      const grey = fill("gap-point", "gap");
      const known = column.levels ? [] : column.values.filter((x) => x !== null);
      const [low, high] = [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), -Infinity)];
      const shades = column.levels
        ? column.levels.slice(0, 8).map((_, i) => fill("s" + i, "marker"))
        : Array.from({ length: 10 }, (_, i) => fill("", "q" + (i + 3)));
      const shade = (i) => {
        if (column.levels) return shades[column.codes[i]] || grey;
        if (column.values[i] === null) return grey;
        return shades[Math.min(9, Math.floor(((column.values[i] - low) / (high - low || 1)) * 10))];
      };
      pen.globalAlpha = 0.75;
      const radius = stimuli.length > 1500 ? 2.2 : 3.2;
      stimuli.forEach((stimulus, i) => {
        const [x, y] = place(points[layer.value][i], size);
        pen.fillStyle = shade(stimulus);
        pen.beginPath();
        pen.arc(x, y, radius, 0, 7);
        pen.fill();
      });
      pen.globalAlpha = 1;
      if (at !== null) {
        const [x, y] = place(points[layer.value][at], size);
        pen.strokeStyle = getComputedStyle(canvas).color;
        pen.lineWidth = 2;
        pen.beginPath();
        pen.arc(x, y, radius + 3, 0, 7);
        pen.stroke();
      }
      const legend = root.querySelector(".legend");
      legend.replaceChildren();
      const entry = (name, of) => {
        const item = element("li", undefined, legend);
        element("i", undefined, item).style.background = of;
        element("span", name, item);
      };
      if (column.levels) {
        column.levels.slice(0, 8).forEach((name, i) => entry(name, shades[i]));
        if (column.levels.length > 8) entry(`${column.levels.length - 8} more`, grey);
      } else {
        entry(exact(low), shades[0]);
        entry(exact(high), shades[9]);
      }
    };
    const say = (i, x, y, loud) => {
      const column = features[colour.value];
      const stimulus = stimuli[i];
      const title = sentences ? sentences.values[stimulus] : `stimulus ${stimulus + 1}`;
      const text = value(column, stimulus);
      show(x, y, title, [[column.name, text === null ? "—" : String(text)]]);
      if (loud) live.textContent = `${title}, ${column.name} ${text}`;
    };
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      let best = 14;
      let found = null;
      points[layer.value].forEach((point, i) => {
        const [px, py] = place(point, box.width);
        const apart = Math.hypot(px - x, py - y);
        if (apart < best) [best, found] = [apart, i];
      });
      if (found !== at) {
        at = found;
        draw();
      }
      if (at === null) tip.style.display = "none";
      else say(at, event.clientX, event.clientY);
    });
    const leave = () => {
      at = null;
      tip.style.display = "none";
      draw();
    };
    canvas.addEventListener("pointerleave", leave);
    canvas.addEventListener("blur", leave);
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      at = at === null ? 0 : (at + step + stimuli.length) % stimuli.length;
      draw();
      const box = canvas.getBoundingClientRect();
      const [x, y] = place(points[layer.value][at], box.width);
      say(at, box.left + x, box.top + y, true);
    });
    layer.addEventListener("input", draw);
    colour.addEventListener("change", draw);
    new ResizeObserver(draw).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    document.getElementById("theme").addEventListener("click", () => requestAnimationFrame(draw));
    draw();
  };
  explorer();
  if (data.geometry) {
    const { stimuli, maps } = data.geometry;
    const column = (name, of) => ({ name, values: maps.flatMap((map) => of(map)) });
    data.tables.geometry = [
      column("layer", (map) => stimuli.map(() => map.layer)),
      column("stimulus", () => stimuli.map((stimulus) => stimulus + 1)),
      ...["x", "y"].map((name, axis) =>
        column(name, (map) =>
          unpack(map, stimuli.length).map((point) => Number((map.extent * (2 * point[axis] - 1)).toPrecision(4))),
        ),
      ),
      column("stress", (map) => stimuli.map(() => map.stress)),
    ];
  }

  // Tables are stored by column, names as codes into levels; the CSV is the one of the run directory.
  const csv = (table) => {
    const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const number = (x) => (typeof x === "number" && x !== 0 && Math.abs(x) < 1e-5 ? x.toExponential() : String(x));
    const cell = (column, i) => {
      if (!column.levels) return column.values[i] === null ? (column.text ? "" : "NaN") : number(column.values[i]);
      return column.codes[i] === null ? "" : column.levels[column.codes[i]];
    };
    const n = table.length ? (table[0].values || table[0].codes).length : 0;
    const lines = [table.map((column) => quote(column.name)).join(",")];
    for (let i = 0; i < n; i++) lines.push(table.map((column) => quote(cell(column, i))).join(","));
    return lines.join("\n") + "\n";
  };
  for (const button of document.querySelectorAll("[data-csv]")) {
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv(data.tables[button.dataset.csv])], { type: "text/csv" }));
      link.download = button.dataset.csv + ".csv";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
})();
