// A server with the demo, a host in Chromium over it, and views that are opened there.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import axe from "axe-core/axe.min.js";
import { build } from "esbuild";
import { chromium } from "playwright-core";

import { serve } from "../serve.mjs";

export const demoNow = "2026-11-20T12:00:00Z";
const token = "a-token-of-sufficient-length";

// What a host lets a view of no csp do (the specification's default), as a header.
const policy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "media-src 'self' data:; connect-src 'none'";

const browserOptions = {
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
};

const listening = (handler) => new Promise((resolve) => {
  const server = createServer(handler).listen(0, "127.0.0.1", () => resolve(server));
});

/** start makes what all tests share. */
export async function start() {
  const binary = process.env.MAKE_AUDIT_MCP;
  assert.ok(binary, "set MAKE_AUDIT_MCP");
  const served = await serve(binary, demoNow, { env: { MCP_AUTH_TOKEN: token, TZ: "Pacific/Kiritimati" } });
  const client = new Client({ name: "views-test", version: "1" });
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", served.url), {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  }));
  const { tools } = await client.listTools();
  const { outputFiles: [{ text: hostScript }] } = await build({
    entryPoints: [fileURLToPath(new URL("host.mjs", import.meta.url))], bundle: true, write: false, format: "iife", logLevel: "error",
  });

  const pages = new Map(); // addresses of views to their text
  const sandbox = await listening((request, response) => {
    const page = pages.get(request.url);
    response.writeHead(page ? 200 : 404, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy });
    response.end(page);
  });
  const host = await listening((request, response) => {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><html lang="en"><title>host</title><link rel="icon" href="data:,"><body style="margin:0"><script>${hostScript.replaceAll("</script", "<\\/script")}</script>`);
  });
  const browser = await chromium.launch(browserOptions);

  // The demo's clock stands still, so a question has one answer.
  const answers = new Map();
  const callTool = ({ name, arguments: args }) => {
    const question = JSON.stringify([name, args]);
    if (!answers.has(question)) answers.set(question, client.callTool({ name, arguments: args }));
    return answers.get(question);
  };
  const call = async (name, args) => {
    const result = await callTool({ name, arguments: args });
    assert.ok(!result.isError, result.content[0]?.text);
    return structuredClone(result.structuredContent);
  };

  /** view is the page that a tool's definition names. */
  const view = async (tool) => {
    const meta = tools.find(({ name }) => name === tool)._meta;
    assert.equal(meta["ui/resourceUri"], meta.ui.resourceUri);
    const { contents: [content] } = await client.readResource({ uri: meta.ui.resourceUri });
    assert.equal(content.mimeType, "text/html;profile=mcp-app");
    assert.deepEqual(content._meta, { ui: { prefersBorder: true } });
    return content.text;
  };

  // Pages of the host that show no view: making one takes longer than all that most tests do with it.
  const idle = [];
  const hostUrl = `http://localhost:${host.address().port}/`;

  /** hostPage is a page that shows no view. What happens in it goes to shown, which open gives it. */
  const hostPage = async () => {
    const page = await browser.newPage({ timezoneId: "Pacific/Kiritimati", locale: "ar-EG" });
    page.setDefaultTimeout(15_000);
    const hosting = { page, shown: null };
    page.on("request", (request) => hosting.shown?.requests.push(request.url()));
    page.on("pageerror", (error) => hosting.shown?.problems.push(String(error)));
    page.on("console", (message) => message.type() === "error" && hosting.shown?.problems.push(message.text()));
    page.on("dialog", (dialog) => { hosting.shown?.problems.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    await page.exposeFunction("callTool", async (params) => {
      hosting.shown.calls.push(params);
      return (await hosting.shown.answer?.(params)) ?? callTool(params);
    });
    await page.goto(hostUrl);
    return hosting;
  };

  /**
   * open opens a tool's view in a frame of its own, and hands it a result: the server's, or one of the test's.
   * answer takes the place of the server where the test gives it; a context of null is none.
   */
  const open = async (tool, args, {
    result, answer, context = { theme: "light", locale: "en-GB", toolInfo: { tool: { name: tool, inputSchema: { type: "object" } } } },
    capabilities = { serverTools: {}, message: {}, downloadFile: {} }, width = 1280, isDeaf = false, send = true, colorScheme = "light",
  } = {}) => {
    const hosting = idle.pop() ?? await hostPage();
    const { page } = hosting;
    const calls = [];
    const requests = [];
    const problems = [];
    hosting.shown = { calls, requests, problems, answer };
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    pages.set(`/${tool}`, await view(tool));
    const src = `http://127.0.0.1:${sandbox.address().port}/${tool}`;
    await page.evaluate((options) => window.openView(options), { src, capabilities, context: context ?? undefined, isDeaf });
    const frame = page.frames().find((candidate) => candidate.url() === src);
    const opened = {
      page, frame, calls, problems,
      input: (given = args) => page.evaluate((sent) => window.bridge.sendToolInput({ arguments: sent }), given),
      result: (sent) => page.evaluate((one) => window.bridge.sendToolResult(one), sent),
      /** settled waits until nothing is read any more. */
      settled: () => frame.waitForFunction(() => document.querySelector("main").getAttribute("aria-busy") === "false"),
      told: () => page.evaluate(() => window.told),
      /** violations are axe's, of all rules or of those that are asked for. */
      violations: async (asked = {}) => {
        if (!await frame.evaluate(() => "axe" in window)) await frame.evaluate(axe.source);
        const { violations } = await frame.evaluate((options) => window.axe.run(document, { ...options, resultTypes: ["violations"] }), asked);
        return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} (${node.failureSummary})`).join(" | ")}`);
      },
      /**
       * drawn is how long a result takes to be drawn, at the best of several times, in milliseconds of the processor: other
       * processes have less of a part in it than in the clock's.
       */
      drawn: async (sent) => {
        await frame.evaluate((params) => { // once, since the way into the frame takes its time, too
          window.drawAgain = async (times) => {
            for (let i = 0; i < times; i++) {
              const done = new Promise((resolve) => {
                new MutationObserver((_, observer) => { observer.disconnect(); resolve(); }).observe(document.querySelector("main"), { childList: true });
              });
              window.dispatchEvent(new MessageEvent("message", { source: window.parent, data: { jsonrpc: "2.0", method: "ui/notifications/tool-result", params } }));
              await done;
              document.body.getBoundingClientRect();
            }
          };
        }, sent);
        const session = await page.context().newCDPSession(frame);
        await session.send("Performance.enable");
        const busy = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ThreadTime").value * 1000;
        const together = 3;
        const taken = [];
        for (let i = 0; i < 5; i++) {
          const began = await busy();
          await frame.evaluate((times) => window.drawAgain(times), together);
          taken.push((await busy() - began) / together);
        }
        await session.detach();
        return Math.min(...taken);
      },
      /** close holds the view to what holds of all of them, and leaves the page to the next. */
      close: async () => {
        assert.deepEqual(problems, []);
        assert.deepEqual(requests.filter((url) => url !== src), [], "a request left the page");
        await page.evaluate(() => window.closeView());
        await page.mouse.move(-1, -1);
        hosting.shown = null;
        idle.push(hosting);
      },
    };
    if (send) {
      await opened.input();
      await opened.result(result ?? await callTool({ name: tool, arguments: args }));
      await opened.settled();
    }
    return opened;
  };

  const stop = async () => {
    await browser.close();
    await client.close();
    sandbox.close();
    host.close();
    assert.equal(await served.stop(), 0);
  };
  return { browser, call, callTool, open, stop, tools };
}

/** textOf is what a chart says, row by row, as a screen reader would have it: names, then numbers by column. */
export const tableOf = (frame, selector) => frame.$eval(selector, (figure) => {
  const heads = [...figure.querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent);
  return [...figure.querySelectorAll("tbody tr")].map((row) => ({
    name: row.cells[0].textContent,
    cells: Object.fromEntries([...row.cells].slice(1).map((cell, i) => [cell.colSpan > 1 ? "gap" : heads[i], cell.textContent])),
  }));
});

/** timely holds the milliseconds that drawing took to what no busy machine explains: views are meant to take 200 on a quiet one. */
export function timely(t, drawn, what) {
  t.diagnostic(`${what}: drawn in ${Math.round(drawn)} ms`);
  assert.ok(drawn < 1000, `${what}: ${drawn} ms`);
}
