// Looks at pages in a real browser: node --experimental-websocket tests/pages/look.mjs OUT PAGE.html...
//
// Every page at 1300 and 390 pixels, light and dark, and printed: pictures into OUT, and what is wrong to stderr (exit code 1): a
// message on the console, something cut, names over names, a chart that is not on the first screen, a choice that a reload
// loses, a file that is not the one beside the page, what cannot be reached by keys.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, wait } from "./browser.mjs";

const [out, ...pages] = process.argv.slice(2);
if (!out || !pages.length) {
  console.error("usage: node --experimental-websocket tests/pages/look.mjs OUT PAGE.html...");
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const wrong = [];
const browser = await launch();

// In the page: what is wider than its box without a sign of it, what stands outside its drawing, names over names.
const CUT = `(() => {
  const found = [];
  const name = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (e.className?.baseVal ?? e.className ? "." + String(e.className.baseVal ?? e.className).split(" ")[0] : "");
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push("the page is " + root.scrollWidth + " wide in " + root.clientWidth);
  for (const e of document.querySelectorAll("body *:not(svg *)")) {
    const style = getComputedStyle(e);
    if (!e.clientWidth || style.display === "none" || e.closest(".hidden") || style.overflowX === "visible") continue;
    // Boxes that scroll show a shadow, one-line texts an ellipsis.
    const signed = e.matches(".scroll, .list, pre") || style.textOverflow === "ellipsis";
    if (e.scrollWidth > e.clientWidth + 1 && !signed) found.push(name(e) + " is cut: " + e.scrollWidth + " in " + e.clientWidth);
  }
  for (const svg of document.querySelectorAll(".drawing > svg")) {
    const box = svg.getBoundingClientRect();
    if (!box.width) continue;
    const texts = [...svg.querySelectorAll("text")].map((text) => [text, text.getBoundingClientRect()]);
    const id = svg.closest("figure")?.dataset.figure + " " + svg.getAttribute("class");
    for (const [text, at] of texts)
      if (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 1 || at.bottom > box.bottom + 1)
        found.push(id + ": '" + text.textContent + "' stands outside");
    const names = texts.filter(([text]) => !text.matches(".number, .star"));
    let over = 0;
    for (let i = 0; i < names.length; i++)
      for (let j = i + 1; j < names.length; j++) {
        const [a, b] = [names[i][1], names[j][1]];
        const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        const least = Math.min(a.height, b.height, a.width, b.width);
        if (x > 1 && y > least * 0.35 && over++ < 2) found.push(id + ": '" + names[i][0].textContent + "' over '" + names[j][0].textContent + "'");
      }
    if (over > 2) found.push(id + ": " + over + " names over names in all");
  }
  return found;
})()`;

const say = (page, where, lines) => lines.forEach((line) => wrong.push(`${page}, ${where}: ${line}`));

for (const page of pages) {
  const name = basename(dirname(resolve(page))) + "-" + basename(page, ".html");
  const url = pathToFileURL(resolve(page)).href;
  for (const [width, height] of [[1300, 900], [390, 844]]) {
    for (const scheme of ["light", "dark"]) {
      const tab = await browser.tab();
      await tab.size(width, height, width < 500);
      await tab.media("screen", scheme);
      await tab.open(url);
      const where = `${width} ${scheme}`;
      writeFileSync(join(out, `${name}-${width}-${scheme}-first.png`), await tab.picture(false));
      writeFileSync(join(out, `${name}-${width}-${scheme}.png`), await tab.picture(true));
      say(name, where, await tab.evaluate(CUT));
      const top = await tab.evaluate(`(() => { const b = [...document.querySelectorAll(".drawing > svg")].find((s) => s.getBoundingClientRect().height).getBoundingClientRect(); return [b.top, b.height]; })()`);
      // Half of it at the least, or what fits.
      if (top[0] + Math.min(top[1] / 2, 200) > height) say(name, where, [`the first chart begins at ${Math.round(top[0])} of ${height}`]);
      say(name, where, tab.said.map((text) => `console: ${text}`));
      await tab.close();
    }
  }

  // On paper.
  const paper = await browser.tab();
  await paper.size(1300, 900);
  await paper.open(url);
  writeFileSync(join(out, `${name}.pdf`), await paper.pdf());
  await paper.media("print", "light");
  await paper.size(720, 1000);
  const frames = await paper.evaluate(`(() => {
    dispatchEvent(new Event("beforeprint"));
    const figures = [...document.querySelectorAll("[data-figure]")];
    const shown = figures.map((f) => [f.querySelectorAll(".frame-name").length, Number(f.querySelector(".frames input")?.max ?? -1) + 1]);
    const boxes = [...document.querySelectorAll(".scroll, pre, .list")].filter((b) => b.clientHeight && (b.scrollHeight > b.clientHeight + 1 || b.scrollWidth > b.clientWidth + 1)).map((b) => b.querySelector("table, li")?.className ?? b.tagName);
    return { shown, boxes };
  })()`);
  for (const [drawn, layers] of frames.shown) if (layers > 1 && drawn !== layers) say(name, "print", [`${drawn} of ${layers} matrices`]);
  say(name, "print", frames.boxes.map((box) => `a box cuts ${box}`));
  writeFileSync(join(out, `${name}-print.png`), await paper.picture(true));
  say(name, "print", paper.said.map((text) => `console: ${text}`));
  await paper.close();

  await hands(name, url, dirname(resolve(page)));
}

// Pointer and keys.
async function hands(name, url, folder) {
  const tab = await browser.tab();
  await tab.size(1300, 900);
  await tab.open(url);
  const expect = (ok, what) => ok || wrong.push(`${name}: ${what}`);
  const count = (selector) => tab.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  const centre = (selector, at = 0) =>
    tab.evaluate(`(() => { const e = document.querySelectorAll(${JSON.stringify(selector)})[${at}]; e.scrollIntoView({ block: "center", behavior: "instant" }); const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()`);
  const press = async (selector, at) => tab.click(...(await centre(selector, at)));

  // Several names at once, in all legends that have them.
  if ((await count(".legend button[data-series]")) > 1) {
    await press(".legend button[data-series]", 0);
    await press(".legend button[data-series]", 1);
    const first = await tab.evaluate(`[...document.querySelectorAll(".legend button[data-series]")].slice(0, 2).map((b) => [b.dataset.name, b.ariaPressed])`);
    expect(first.every(([, pressed]) => pressed === "true"), `two names are not chosen together: ${first}`);
    const unlike = await tab.evaluate(`[...document.querySelectorAll(".legend button[data-series]")].filter((b) => (b.ariaPressed === "true") !== ${JSON.stringify(first.map(([name]) => name))}.includes(b.dataset.name)).length`);
    expect(unlike === 0, `${unlike} legends do not follow`);
    if (await count("select")) await tab.evaluate(`(() => { const s = document.querySelector(".sort select"); if (s) { s.value = "peak"; s.dispatchEvent(new Event("change")); } })()`);
    if (await count(".frames input")) await tab.evaluate(`(() => { const i = document.querySelector(".frames input"); i.value = 0; i.dispatchEvent(new Event("input")); })()`);
    await press("#theme");
    const before = await tab.evaluate(`[location.hash, document.documentElement.dataset.theme]`);
    await tab.reload();
    const after = await tab.evaluate(`[location.hash, document.documentElement.dataset.theme]`);
    expect(before[0].includes("on=") && before[0].includes("theme=") && String(before) === String(after), `a reload loses the choice: ${before} | ${after}`);
    const pressed = await tab.evaluate(`[...document.querySelectorAll(".legend button[data-series]")].slice(0, 2).every((b) => b.ariaPressed === "true")`);
    expect(pressed, "the legend forgets what the address says");
    writeFileSync(join(out, `${name}-chosen.png`), await tab.picture(true));
    await tab.open("about:blank");
    await tab.open(url);
  }

  // A tip on every chart, by pointer and by keys.
  const charts = await count('.drawing > svg.wide');
  for (let i = 0; i < charts; i++) {
    const kind = await tab.evaluate(`document.querySelectorAll(".drawing > svg.wide")[${i}].dataset.chart ?? "none"`);
    if (kind === "maps") continue;
    const keyed = await tab.evaluate(`(async () => { const svg = document.querySelectorAll(".drawing > svg.wide")[${i}]; svg.scrollIntoView({ block: "center", behavior: "instant" }); svg.focus(); return document.activeElement === svg; })()`);
    if (!keyed) {
      expect(kind === "none" && (await tab.evaluate(`!document.querySelectorAll(".drawing > svg.wide")[${i}].querySelector("[data-tip], title")`)), `chart ${i} (${kind}) takes no keys`);
      continue;
    }
    await tab.key("ArrowRight");
    const shown = await tab.evaluate(`getComputedStyle(document.getElementById("tip")).display + document.getElementById("live").textContent.length`);
    expect(shown.startsWith("block") && !shown.endsWith("block0"), `chart ${i} (${kind}) has no tip by keys: ${shown}`);
  }
  const cells = await tab.evaluate(`document.querySelectorAll("svg.wide .cells rect").length`);
  if (cells) {
    await tab.mouse("mouseMoved", ...(await centre("svg.wide .cells rect", 1)));
    expect((await tab.evaluate(`getComputedStyle(document.getElementById("tip")).display`)) === "block", "a cell has no tip");
  }

  // The map and its list.
  if (await count("#explorer canvas")) {
    const [x, y] = await centre("#explorer canvas");
    let at = null;
    for (let step = 0; step < 60 && !at; step++) {
      await tab.mouse("mouseMoved", x + (step % 10) * 22 - 110, y + Math.floor(step / 10) * 40 - 110);
      at = await tab.evaluate(`document.querySelector(".list .at")?.id ?? null`);
    }
    const tipped = await tab.evaluate(`getComputedStyle(document.getElementById("tip")).display`);
    expect(tipped === "block", "no point of the map has a tip");
    await tab.evaluate(`document.querySelector(".list").focus({ preventScroll: true })`);
    await tab.key("ArrowDown");
    await tab.key("Enter");
    expect((await count('.list [aria-selected="true"]')) === 1, "Enter pins nothing in the list");
    const rings = await tab.evaluate(`document.querySelectorAll("svg.wide .pinned").length`);
    expect(rings > 0, "the small maps do not show what is pinned");
    const all = await tab.evaluate(`document.querySelector(".count").textContent`);
    await tab.evaluate(`(() => { const s = document.querySelector("input[type=search]"); s.value = document.querySelector(".list li:last-child span").textContent.split(" ")[1] ?? "a"; s.dispatchEvent(new Event("input")); })()`);
    const some = await tab.evaluate(`document.querySelector(".count").textContent`);
    expect(all !== some, `the search filters nothing: ${all} | ${some}`);
    if (await count(".points.colour button")) await press(".points.colour button", 0);
    expect((await tab.evaluate(`location.hash`)).includes("find="), "the address does not keep the search");
    writeFileSync(join(out, `${name}-map.png`), await tab.picture(true));
    await press(".unpin");
  }

  // Every file, as it is beside the page.
  const files = join(resolve(out), "downloads-" + name);
  rmSync(files, { recursive: true, force: true });
  mkdirSync(files, { recursive: true });
  await browser.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: files });
  const clickAll = async (selector) => {
    for (let i = 0; i < (await count(selector)); i++) {
      await tab.evaluate(`document.querySelectorAll(${JSON.stringify(selector)})[${i}].click()`);
      await wait(250);
    }
  };
  await clickAll("[data-file], [data-save], #explorer [data-map]");
  await wait(800);
  const got = new Set(readdirSync(files));
  const held = await tab.evaluate(`[...document.querySelectorAll("[data-file]")].map((b) => b.dataset.file)`);
  for (const file of held) {
    const beside = join(folder, file);
    expect(got.has(file), `${file} is not handed out`);
    if (got.has(file) && existsSync(beside)) expect(readFileSync(join(files, file)).equals(readFileSync(beside)), `${file} is not the one beside the page`);
  }
  const ids = await tab.evaluate(`[...document.querySelectorAll("[data-figure]")].map((f) => f.dataset.figure)`);
  for (const id of ids) {
    for (const [ending, magic] of [["svg", "<svg"], ["png", "\x89PNG"], ["csv", ""]]) {
      const file = join(files, `${id}.${ending}`);
      const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
      expect(bytes.length > 50 && bytes.toString("latin1").startsWith(magic), `${id}.${ending}: ${bytes.length} bytes`);
    }
  }

  // Every table sorts.
  const sorts = await count("thead th > button");
  if (sorts) {
    await tab.evaluate(`document.querySelectorAll("details").forEach((d) => (d.open = true))`);
    await tab.evaluate(`document.querySelector("thead th > button").click()`);
    expect((await count('th[aria-sort="ascending"]')) === 1, "a table does not sort");
  }

  // By keys alone: Tab goes through all there is, and comes to the end.
  await tab.open("about:blank");
  await tab.open(url);
  const wanted = await tab.evaluate(`(() => { const able = "a[href], button, input, select, summary, [tabindex='0']"; return [...document.querySelectorAll(able)].filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && !e.closest("details:not([open]) > :not(summary)")).length; })()`);
  await tab.evaluate(`document.activeElement?.blur(); window.reached = new Set(); document.addEventListener("focusin", (e) => window.reached.add(e.target)); scrollTo(0, 0)`);
  for (let i = 0; i < wanted + 5; i++) await tab.key("Tab");
  const reached = await tab.evaluate(`window.reached.size`);
  expect(reached >= wanted, `Tab reaches ${reached} of ${wanted}`);
  say(name, "hands", tab.said.map((text) => `console: ${text}`));
  await tab.close();
}

await browser.close();
for (const line of wrong) console.error(line);
console.log(`${pages.length} pages looked at, ${wrong.length} things wrong; pictures in ${out}`);
process.exit(wrong.length ? 1 : 0);
