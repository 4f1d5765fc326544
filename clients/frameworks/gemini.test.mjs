// Google's Gen AI SDK hands on all that a model sends, and of an answer all that the
// server says. The model is behind an address, which notes what it is sent.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after } from "node:test";

import { GoogleGenAI, mcpToTool } from "@google/genai";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { drive } from "./suite.mjs";

let says, sent;
const model = createServer(async (request, response) => {
  sent.push(JSON.parse((await request.toArray()).join("")));
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ candidates: [{ content: { role: "model", parts: [says.shift()] } }] }));
}).listen(0, "127.0.0.1");
await once(model, "listening");
after(() => model.close());
const ai = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: `http://127.0.0.1:${model.address().port}` } });

const transports = {
  stdio: (server) => new StdioClientTransport(server),
  http: ({ url }) => new StreamableHTTPClientTransport(new URL(url)),
  sse: ({ url }) => new SSEClientTransport(new URL(url)),
};

// What Gemini knows of a schema, in whichever of the two fields a client declares it:
// https://ai.google.dev/api/caching#Schema. It refuses a list of types, a list whose
// items have no type, and choices of anything but texts.
const known = {
  object: ["properties", "required"], array: ["items", "minItems", "maxItems"], string: ["enum", "minLength", "maxLength"],
  integer: ["minimum", "maximum"], boolean: [],
};

function assertKnown(schema, at) {
  const { type, description, properties = {}, items, ...rest } = schema;
  assert.ok(Object.hasOwn(known, type), `${at}: type ${type}`);
  for (const keyword of Object.keys(rest)) assert.ok(known[type].includes(keyword), `${at}: ${keyword}`);
  for (const choice of rest.enum ?? []) assert.ok(typeof choice === "string" && choice !== "", `${at}: ${choice}`);
  for (const argument of rest.required ?? []) assert.ok(Object.hasOwn(properties, argument), `${at}: ${argument}`);
  for (const [argument, property] of Object.entries(properties)) assertKnown(property, `${at}.${argument}`);
  if (type === "array") assertKnown(items, `${at}[]`);
}

drive("Google's Gen AI SDK", {
  async connect({ transport, ...server }) {
    const client = new Client({ name: "gemini-test", version: "1" });
    await client.connect(transports[transport](server));
    const run = async (name, args) => {
      says = [...name ? [{ functionCall: { name, args } }] : [], { text: "done" }];
      sent = [];
      await ai.models.generateContent({ model: "gemini", contents: "?", config: { tools: [mcpToTool(client)] } });
      return sent;
    };
    const agent = {
      offered: async () => {
        const { tools: [{ functionDeclarations }] } = (await run())[0];
        return functionDeclarations.map(({ name, parametersJsonSchema: schema }) => ({ name, schema }));
      },
      ask: async (...call) => (await run(...call))[1].contents.at(-1).parts,
    };
    return { agent: () => agent, close: () => client.close() };
  },
  copies: 2,
  rules({ name, schema }) {
    assert.match(name, /^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/);
    assertKnown(schema, name);
  },
});
