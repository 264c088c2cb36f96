// A headless Chromium over its DevTools protocol: no package is needed, only Node (20: --experimental-websocket) and Chromium.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export const launch = async () => {
  const home = mkdtempSync(join(tmpdir(), "pages-"));
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--remote-debugging-port=0", `--user-data-dir=${home}`];
  const program = process.env.CHROMIUM || "chromium";
  const child = spawn(program, [...flags, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const address = await new Promise((found, failed) => {
    let text = "";
    child.stderr.on("data", (chunk) => {
      text += chunk;
      const match = text.match(/DevTools listening on (ws:\S+)/);
      if (match) found(match[1]);
    });
    child.on("exit", () => failed(new Error(`${program} ended: ${text}`)));
  });
  const socket = new WebSocket(address);
  await new Promise((open) => (socket.onopen = open));
  let last = 0;
  const waiting = new Map();
  const listeners = [];
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.id) {
      const { done, failed } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) failed(new Error(message.error.message));
      else done(message.result);
    } else listeners.forEach((listener) => listener(message));
  };
  const send = (method, params = {}, sessionId) =>
    new Promise((done, failed) => {
      waiting.set(++last, { done, failed });
      socket.send(JSON.stringify({ id: last, method, params, sessionId }));
    });

  // A tab, with what it says on its console.
  const tab = async () => {
    const { targetId } = await send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
    const said = [];
    let loaded = () => {};
    listeners.push(({ method, params, sessionId: from }) => {
      if (from !== sessionId) return;
      if (method === "Runtime.consoleAPICalled") said.push(params.args.map((arg) => arg.value ?? arg.description).join(" "));
      if (method === "Runtime.exceptionThrown") said.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
      if (method === "Log.entryAdded") said.push(params.entry.text);
      if (method === "Page.loadEventFired") loaded();
    });
    const call = (method, params) => send(method, params, sessionId);
    await Promise.all(["Page.enable", "Runtime.enable", "Log.enable"].map((method) => call(method)));
    const evaluate = async (expression) => {
      const { result, exceptionDetails } = await call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    const settled = async (begin) => {
      const done = new Promise((load) => (loaded = load));
      await begin();
      // A change behind the # loads nothing.
      await Promise.race([done, wait(8000)]);
      await wait(350);
    };
    const key = async (name, code = name) => {
      const virtual = { Tab: 9, Enter: 13, Escape: 27, " ": 32, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 }[name];
      const text = name === "Enter" ? "\r" : name === " " ? " " : undefined;
      const params = { key: name, code: code === " " ? "Space" : code, windowsVirtualKeyCode: virtual, text };
      await call("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", ...params });
      await call("Input.dispatchKeyEvent", { type: "keyUp", ...params, text: undefined });
    };
    const mouse = (type, x, y, more = {}) => call("Input.dispatchMouseEvent", { type, x, y, ...more });
    const click = async (x, y) => {
      await mouse("mouseMoved", x, y);
      await mouse("mousePressed", x, y, { button: "left", clickCount: 1 });
      await mouse("mouseReleased", x, y, { button: "left", clickCount: 1 });
    };
    return {
      said,
      call,
      evaluate,
      key,
      mouse,
      click,
      size: (width, height, mobile = false) => call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile }),
      media: (media, scheme) => call("Emulation.setEmulatedMedia", { media, features: [{ name: "prefers-color-scheme", value: scheme }] }),
      open: (url) => settled(() => call("Page.navigate", { url })),
      reload: () => settled(() => call("Page.reload")),
      picture: async (whole) => {
        const { cssContentSize } = await call("Page.getLayoutMetrics");
        const clip = whole ? { clip: { x: 0, y: 0, width: cssContentSize.width, height: Math.min(cssContentSize.height, 16000), scale: 1 } } : {};
        const { data } = await call("Page.captureScreenshot", { format: "png", captureBeyondViewport: Boolean(whole), ...clip });
        return Buffer.from(data, "base64");
      },
      pdf: async () => Buffer.from((await call("Page.printToPDF", { printBackground: true, paperWidth: 8.27, paperHeight: 11.69 })).data, "base64"),
      close: () => send("Target.closeTarget", { targetId }),
    };
  };
  const close = async () => {
    const ended = new Promise((done) => child.on("exit", done));
    await send("Browser.close").catch(() => {});
    await Promise.race([ended, wait(3000)]);
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return { tab, send, close };
};
