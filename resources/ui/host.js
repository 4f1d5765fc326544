/**
 * The view's side of MCP Apps (2026-01-26): JSON-RPC 2.0 by postMessage with the page that holds the view's frame. By hand, since a
 * library for it is larger than all views together. What a host says is taken if its form is known and ignored otherwise.
 *
 * @typedef {Record<string, any>} Json
 *
 * @typedef {object} Listeners  called in the order in which the host tells; any may be missing
 * @property {(args: Json, partial: boolean) => void} [input]  the arguments of the call whose result is shown
 * @property {(result: Json) => void} [result]  a CallToolResult
 * @property {(reason: string) => void} [cancelled]
 * @property {(context: Json) => void} [context]  all that is known of the host's context, after every change
 * @property {() => void} [teardown]
 */

const protocolVersion = "2026-01-26";
const methodNotFound = -32601;

export class Host {
  /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  #lastId = 0;
  #ended = false;
  /** @type {Listeners} */
  #listeners;
  /** @type {Json} */
  context = {};
  /** @type {Json} */
  capabilities = {};

  /** @param {Listeners} listeners */
  constructor(listeners) {
    this.#listeners = listeners;
    window.addEventListener("message", (event) => {
      if (event.source === window.parent && event.data?.jsonrpc === "2.0") this.#receive(event.data);
    });
  }

  /**
   * open makes the view known to the host. What the host tells from then on goes to the listeners, which were there before.
   * @param {string} name
   */
  async open(name) {
    const { hostContext, hostCapabilities } = await this.request("ui/initialize", {
      protocolVersion, appInfo: { name, version: "1" }, appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
    });
    this.capabilities = isObject(hostCapabilities) ? hostCapabilities : {};
    this.#contextChanged(hostContext);
    this.notify("ui/notifications/initialized", {});
    this.#watchSize();
  }

  /** canCall tells whether the host passes calls of tools on. */
  get canCall() { return isObject(this.capabilities.serverTools) && !this.#ended; }

  /**
   * call calls a tool of the server that the view came from, with the rights of the person who looks at it.
   * @param {string} name
   * @param {Json} args
   * @returns {Promise<Json>} a CallToolResult
   */
  call(name, args) { return this.request("tools/call", { name, arguments: args }); }

  /**
   * @param {string} method
   * @param {Json} params
   * @returns {Promise<Json>}
   */
  request(method, params) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, method, params });
    });
  }

  /**
   * @param {string} method
   * @param {Json} params
   */
  notify(method, params) { this.#send({ method, params }); }

  /** @param {Json} message */
  #send(message) { window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*"); }

  /** @param {Json} message */
  #receive({ id, method, params, result, error }) {
    if (typeof method === "string") {
      if (id === undefined) this.#told(method, isObject(params) ? params : {});
      else this.#send({ id, ...this.#asked(method) });
      return;
    }
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    if (error) waiting.reject(new Error(String(error.message || "the host refused")));
    else waiting.resolve(isObject(result) ? result : {});
  }

  /**
   * @param {string} method
   * @param {Json} params
   */
  #told(method, params) {
    switch (method) {
      case "ui/notifications/tool-input":
      case "ui/notifications/tool-input-partial":
        this.#listeners.input?.(isObject(params.arguments) ? params.arguments : {}, method.endsWith("-partial"));
        break;
      case "ui/notifications/tool-result":
        this.#listeners.result?.(params);
        break;
      case "ui/notifications/tool-cancelled":
        this.#listeners.cancelled?.(typeof params.reason === "string" ? params.reason : "");
        break;
      case "ui/notifications/host-context-changed":
        this.#contextChanged(params);
        break;
    }
  }

  /** @param {string} method */
  #asked(method) {
    if (method === "ping") return { result: {} };
    if (method !== "ui/resource-teardown") return { error: { code: methodNotFound, message: `a view has no ${method}` } };
    this.#ended = true;
    for (const { reject } of this.#waiting.values()) reject(new Error("the view was closed"));
    this.#waiting.clear();
    this.#listeners.teardown?.();
    return { result: {} };
  }

  /** @param {unknown} changed */
  #contextChanged(changed) {
    if (isObject(changed)) this.context = { ...this.context, ...changed };
    applyContext(this.context);
    this.#listeners.context?.(this.context);
  }

  /** The height of what is there, whatever height the frame has now: the two cannot drive each other up. */
  #watchSize() {
    let told = "";
    const tell = () => {
      const size = { width: Math.ceil(document.documentElement.clientWidth), height: Math.ceil(document.body.getBoundingClientRect().height) };
      if (this.#ended || told === JSON.stringify(size)) return;
      told = JSON.stringify(size);
      this.notify("ui/notifications/size-changed", size);
    };
    new ResizeObserver(tell).observe(document.body);
  }
}

/**
 * applyContext gives the page the host's theme, colours, fonts and insets; what is missing stays as the stylesheets have it.
 * @param {Json} context
 */
function applyContext({ theme, styles, locale, safeAreaInsets }) {
  const root = document.documentElement;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (typeof locale === "string" && isLocale(locale)) root.lang = locale;
  for (const [name, value] of Object.entries(isObject(styles?.variables) ? styles.variables : {})) {
    if (/^--(color|font|border|shadow)-[a-z0-9-]+$/.test(name) && typeof value === "string") root.style.setProperty(name, value);
  }
  for (const side of ["top", "right", "bottom", "left"]) {
    const inset = safeAreaInsets?.[side];
    if (Number.isFinite(inset)) root.style.setProperty(`--inset-${side}`, `${inset}px`);
  }
}

/** @param {string} locale */
export function isLocale(locale) {
  try {
    return Intl.getCanonicalLocales(locale).length > 0;
  } catch {
    return false;
  }
}

/**
 * @param {unknown} value
 * @returns {value is Json}
 */
export function isObject(value) { return typeof value === "object" && value !== null && !Array.isArray(value); }
