// Starts the server over HTTP on a free port, for clients that test it over the
// network.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const patience = 20_000; // milliseconds until it must listen

// serve returns the server's address, and what ends it. options go behind http.
export function serve(binary, demoNow, { env = {}, options = [] } = {}) {
  const child = spawn(binary, ["--demo", "--demo-now", demoNow, "--log-format", "json", "http", "--address", "127.0.0.1:0", ...options], {
    stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env },
  });
  const stop = () => new Promise((resolve) => {
    if (child.exitCode !== null) return resolve(child.exitCode);
    child.once("exit", resolve);
    child.kill("SIGTERM");
  });
  return new Promise((resolve, reject) => {
    const said = [];
    const fail = () => reject(new Error(`the server does not listen:\n${said.join("\n")}`));
    const timer = setTimeout(() => { child.kill(); fail(); }, patience);
    child.once("exit", fail);
    createInterface({ input: child.stderr }).on("line", (line) => {
      said.push(line);
      const { msg, url } = line.startsWith("{") ? JSON.parse(line) : {};
      if (msg !== "listening") return;
      clearTimeout(timer);
      child.off("exit", fail);
      resolve({ url: new URL(url), stop });
    });
  });
}
