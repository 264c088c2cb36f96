// Files: the tables of the run as they are, and every figure as a drawing, as pixels and as numbers.
const download = (name, content, type) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

// A drawing of the page as a document of its own: in its light colours, with the legend that it lacks.
const standalone = (figure, svg) => {
  const copy = svg.cloneNode(true);
  const { width, height } = svg.viewBox.baseVal;
  const entries = figure.dataset.unnamed ? all(".legend button[data-series]", figure).filter((button) => button.querySelector(".swatch")) : [];
  let [x, y] = [2, height + 18];
  for (const button of entries) {
    const name = button.dataset.name;
    if (x > 2 && x + 40 + 7 * name.length > width) [x, y] = [2, y + 20];
    const group = drawn("g", { class: button.querySelector(".swatch").getAttribute("class"), transform: `translate(${x} ${y - 10})` }, copy);
    for (const path of all(".swatch path", button)) group.append(path.cloneNode(true));
    drawn("text", { class: "tick", x: x + 30, y }, copy).textContent = name;
    x += 50 + 7 * name.length;
  }
  const whole = entries.length ? y + 8 : height;
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${whole}`, width, height: whole, style: "color-scheme: light" })) copy.setAttribute(name, value);
  for (const name of ["tabindex", "data-chart", "data-x", "data-y", "data-layout", "data-shades", "data-rows"]) copy.removeAttribute(name);
  const style = drawn("style", {});
  const shown = ".isolated .series { opacity: .1; } .isolated .series.on { opacity: 1; } .rest.on .curve { stroke: #111; stroke-width: 2; } .dim { opacity: .25; } .pinned { fill: none; stroke: #111; }";
  style.textContent = document.getElementById("figure-style").textContent.replace(/light-dark\(([^,()]*),[^()]*\)/g, "$1") + shown;
  copy.prepend(style);
  copy.setAttribute("xmlns", SVG);
  return [new XMLSerializer().serializeToString(copy), width, whole];
};
// Colours that the script asked for are those of the page: drawings are made in the light.
const inLight = (work) => {
  const before = root.dataset.theme;
  root.dataset.theme = "light";
  tell();
  root.dataset.theme = "light";
  try {
    return work();
  } finally {
    if (before) root.dataset.theme = before;
    else delete root.dataset.theme;
    tell();
  }
};
const png = (name, [text, width, height]) => {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    const scale = 3;
    [canvas.width, canvas.height] = [width * scale, height * scale];
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => download(name, blob), "image/png");
  };
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
};

// The numbers of a figure, one a row.
const csv = (rows) => {
  const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const cell = (x) => (x === null || x === undefined ? "" : typeof x === "number" ? String(x) : quote(x));
  return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
};
const numbersOf = (values) => {
  const rows = [];
  const spreads = values.sd.length > 0;
  const present = presentIn(values);
  const each = (mean, before) =>
    values.rows.forEach((name, r) =>
      values.columns.forEach((column, c) => {
        if (present([r, c])) rows.push([...before, name, column, mean[r][c], ...(spreads ? [values.sd[r][c]] : [])]);
      }),
    );
  const head = ["row", values.along || "column", "value", ...(spreads ? ["sd"] : [])];
  if (!values.frames) {
    each(values.mean, []);
    return [head, ...rows];
  }
  for (const frame of values.frames) each(frame.mean, [frame.name]);
  return [["matrix", ...head], ...rows];
};

for (const figure of all("[data-figure]")) {
  const id = figure.dataset.figure;
  // The wide drawing also where the narrow one is shown: a file is for paper.
  const drawing = () => inLight(() => standalone(figure, figure.querySelector(".drawing > svg.wide")));
  const saves = {
    svg: () => download(`${id}.svg`, drawing()[0], "image/svg+xml"),
    png: () => png(`${id}.png`, drawing()),
    csv: () => download(`${id}.csv`, csv(numbersOf(data.figures[id])), "text/csv"),
  };
  for (const button of all("[data-save]", figure)) button.addEventListener("click", saves[button.dataset.save]);
}
const large = document.getElementById("explorer");
for (const button of all("[data-map]", large || document.createElement("div"))) {
  button.addEventListener("click", () => {
    const svg = inLight(() => large.svg());
    const [width, height] = [720, 720];
    for (const [name, value] of Object.entries({ width, height, xmlns: SVG })) svg.setAttribute(name, value);
    const text = new XMLSerializer().serializeToString(svg);
    if (button.dataset.map === "svg") download("map.svg", text, "image/svg+xml");
    else png("map.png", [text, width, height]);
  });
}

// A table of the run: the bytes of the file, which stand here deflated.
const inflate = async (text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).blob();
};
for (const button of all("[data-file]")) {
  const file = data.files.find((file) => file.name === button.dataset.file);
  button.addEventListener("click", async () => download(file.name, new Blob([await inflate(file.deflated)], { type: "text/csv" })));
}

// Tables are sorted by any column: numbers by their size, the rest by the alphabet.
const sizeOf = (text) => {
  const found = text.replaceAll("−", "-").replaceAll(",", "").match(/^\s*(?:<\s*)?(-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?)/);
  return found ? Number(found[1]) : null;
};
for (const table of all("table")) {
  const head = table.tHead?.rows[0];
  const body = table.tBodies[0];
  if (!head || !body || body.rows.length < 3) continue;
  const original = [...body.rows];
  [...head.cells].forEach((cell, column) => {
    const button = element("button");
    button.type = "button";
    button.append(...cell.childNodes);
    cell.append(button);
    button.addEventListener("click", () => {
      const next = { ascending: "descending", descending: "none" }[cell.getAttribute("aria-sort")] || "ascending";
      for (const other of head.cells) other.removeAttribute("aria-sort");
      const text = (row) => row.cells[column]?.textContent.trim() ?? "";
      const compare = (a, b) => {
        const [x, y] = [text(a), text(b)];
        const [m, n] = [sizeOf(x), sizeOf(y)];
        // What has no number comes last, whichever way.
        if (m === null && n === null) return x.localeCompare(y, undefined, { numeric: true });
        return m === null ? Infinity : n === null ? -Infinity : m - n;
      };
      const rows = [...original];
      if (next !== "none") {
        cell.setAttribute("aria-sort", next);
        rows.sort((a, b) => {
          const order = compare(a, b);
          return Number.isFinite(order) && next === "descending" ? -order : Math.sign(order);
        });
      }
      body.append(...rows);
    });
  });
}
