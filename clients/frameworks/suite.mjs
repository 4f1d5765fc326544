// What is held of every framework. Each runs an agent of its own on a model of
// ours, which calls one tool as it is told to and notes what it reads then.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp npm test
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Ajv } from "ajv";

import { serve } from "../serve.mjs";

const demoNow = "2026-11-20T12:00:00Z";
const binary = process.env.MAKE_AUDIT_MCP;
assert.ok(binary, "set MAKE_AUDIT_MCP");

const overStdio = (env = {}) => ({
  transport: "stdio", command: binary, args: ["--demo", "--demo-now", demoNow, "stdio", "--tools=+search,fetch"], env: { ...process.env, ...env },
});

// A question, and the same in other words than the schema's, all of which the server takes.
const question = { from: "7d", event: ["*_deleted"], group_by: ["actor"], limit: 42 };
const otherwise = {
  "a number as text": { ...question, limit: "42" },
  "a bare value for a list": { ...question, event: "*_deleted" },
  "a list as text": { ...question, event: '["*_deleted"]' },
  "a choice in capitals": { ...question, group_by: ["Actor"] },
  "empty lists and texts": { ...question, actor: [], to: "" },
  "null": { ...question, actor: null, to: null },
  "an object as text": JSON.stringify(question),
};
// Nothing, likewise, for a tool that takes nothing.
const nothing = { "an empty list": [], "an empty text": "", "no value": null, "what Cursor adds": { random_string: "x" } };

// drive registers the tests of a framework, which is
//
//   connect(server)  connects its MCP client, over stdio with a command, args and env, over http or sse to a url. Returns
//       agent(dialect)  offered() returns what a model is offered, [{ name, schema }]; ask(tool, args) what it reads of that call's answer
//       close()
//   transports  what its client speaks
//   dialects    whom it converts schemas for; the first is asked for unless another is named
//   copies      how often a model reads an answer that has structured content too
//   refuses     what it keeps from the server of what stands above, and what a model reads instead
//   rules       asserts what the model's provider wants of a tool that is offered
//   warns       what it warns of all the same, of every dialect; else nothing
export function drive(name, { connect, transports = ["stdio", "http", "sse"], dialects = [""], copies, refuses = {}, rules, warns }) {
  const warned = [];
  for (const level of ["warn", "error"]) console[level] = (...words) => warned.push(words.map(String).join(" "));
  process.on("warning", ({ message }) => warned.push(message));
  let reference, framework, textAlone;
  before(async () => {
    [reference, framework, textAlone] = await Promise.all([
      connectReference(), connect(overStdio()), connect(overStdio({ MCP_STRUCTURED: "off" })),
    ]);
  });
  after(() => Promise.all([reference, framework, textAlone].map((client) => client?.close())));

  const ask = (tool, args, from = textAlone) => from.agent(dialects[0]).ask(tool, args);

  for (const dialect of dialects) {
    test(`${name}: every tool is offered, and takes all that its schema takes${dialect && `, ${dialect}`}`, async () => {
      const offered = await framework.agent(dialect).offered();
      assert.deepEqual(offered.map((tool) => tool.name).sort(), reference.tools.map((tool) => tool.name).sort());
      assert.deepEqual(await textAlone.agent(dialect).offered(), offered);
      for (const { name: tool, schema } of offered) {
        assert.ok(reference.examples[tool], `${tool} has no example`);
        const { inputSchema } = reference.tools.find((listed) => listed.name === tool);
        assert.deepEqual(Object.keys(schema.properties), Object.keys(inputSchema.properties));
        for (const [argument, { description }] of Object.entries(inputSchema.properties)) {
          assert.ok(schema.properties[argument].description.startsWith(description), `${tool}: ${argument}`);
        }
        const takes = new Ajv({ strict: false }).compile(schema);
        for (const args of [reference.examples[tool], ...everyValue(inputSchema)]) {
          assert.ok(takes(asOffered(schema, args)), `${tool} ${JSON.stringify(args).slice(0, 200)}: ${JSON.stringify(takes.errors)}`);
        }
      }
    });

    if (rules) {
      test(`${name}: every tool keeps to the rules of the model's provider${dialect && `, ${dialect}`}`, async () => {
        for (const tool of await framework.agent(dialect).offered()) rules(tool, dialect);
      });
    }

    test(`${name}: every tool answers${dialect && `, ${dialect}`}`, async () => {
      const agent = framework.agent(dialect);
      for (const { name: tool, schema } of await agent.offered()) {
        const args = asOffered(schema, reference.examples[tool]);
        assert.deepEqual(answer(await agent.ask(tool, args)), await reference.ask(tool, reference.examples[tool]), tool);
      }
    });
  }

  for (const [tool, meant, ways] of [["count_audit_logs", question, otherwise], ["list_organizations", {}, nothing]]) {
    for (const [way, args] of Object.entries(ways)) {
      test(`${name}: ${tool}: ${way} ${refuses[way] ? "is refused before it is sent" : "is understood"}`, async () => {
        const read = await ask(tool, args);
        if (refuses[way]) return assert.match(JSON.stringify(read), refuses[way]);
        const { warnings, ...answered } = answer(read);
        const { warnings: none, ...wanted } = await reference.ask(tool, meant);
        assert.deepEqual(answered, wanted);
      });
    }
  }

  test(`${name}: an unknown argument comes to where the nearest is named`, async () => {
    const read = await ask("count_audit_logs", { ...question, form: "7d" });
    assert.match(JSON.stringify(read), /form.*: unknown argument; did you mean from\?/);
  });

  test(`${name}: without structured content a model reads an answer once`, async () => {
    const times = async (from) => JSON.stringify(await ask("count_audit_logs", question, from)).split("group_count").length - 1;
    assert.deepEqual([await times(framework), await times(textAlone)], [copies, 1]);
  });

  for (const transport of transports.filter((each) => each !== "stdio")) {
    test(`${name}: answers come over ${transport}`, async (t) => {
      const served = await serve(binary, demoNow);
      t.after(() => served.stop());
      const client = await connect({ transport, url: new URL(transport === "sse" ? "/sse" : "/mcp", served.url).href });
      assert.deepEqual(answer(await ask("count_audit_logs", question, client)), await reference.ask("count_audit_logs", question));
      await client.close();
      assert.equal(await served.stop(), 0);
    });
  }

  test(`${name}: nothing${warns ? " but what is known" : ""} is warned of`, () => {
    assert.deepEqual(warned.filter((warning) => !warns?.test(warning)), []);
    if (warns) assert.ok(warned.length > 0, "it no longer warns");
  });
}

// connectReference returns the tools as they are listed, examples of them, and what they answer, by a client that changes nothing.
async function connectReference() {
  const client = new Client({ name: "reference", version: "1" });
  await client.connect(new StdioClientTransport({ ...overStdio(), stderr: "inherit" }));
  const ask = async (tool, args) => comparable((await client.callTool({ name: tool, arguments: args })).structuredContent);
  const { entries: [deleted] } = await ask("list_audit_logs", { event: ["webhook_deleted"], from: "30d", limit: 1 });
  const examples = {
    ...JSON.parse(readFileSync(new URL("../examples.json", import.meta.url))),
    get_audit_log: { uuid: [deleted.uuid] },
    fetch: { id: deleted.uuid },
    get_target_history: { target_id: String(deleted.target_id), kind: "Webhooks" },
  };
  return { ...await client.listTools(), examples, ask, close: () => client.close() };
}

// comparable returns an answer without its cursor, which is another each time.
function comparable({ next_cursor: _, ...answered }) {
  return answered;
}

// answer finds the text that holds an object in what a model reads.
function answer(read) {
  const texts = [];
  JSON.stringify(read, (_, value) => { if (typeof value === "string" && value.startsWith("{")) texts.push(value); return value; });
  assert.ok(texts.length > 0, JSON.stringify(read).slice(0, 1000));
  return comparable(JSON.parse(texts[0]));
}

// asOffered returns the arguments as a model must write them: null for what it leaves out and may not.
function asOffered({ required = [] }, args) {
  return { ...Object.fromEntries(required.map((argument) => [argument, null])), ...args };
}

// everyValue returns arguments that have, one after the other, the least and most of each argument and all its choices.
function everyValue({ properties, required = [] }) {
  const values = ({ type, items, enum: choices, maxLength = 1, minimum, maximum = Number.MAX_SAFE_INTEGER, minItems = 0, maxItems }) => ({
    array: () => [...values(items).map((value) => [value]), ...[minItems, maxItems].map((length) => Array(length).fill(values(items)[0]))],
    boolean: () => [true, false],
    integer: () => [minimum, maximum],
    string: () => choices ?? ["x", "x".repeat(maxLength)],
  })[type]();
  const least = Object.fromEntries(required.map((argument) => [argument, values(properties[argument])[0]]));
  const all = Object.entries(properties).flatMap(([argument, schema]) => values(schema).map((value) => [argument, value]));
  return [least, ...all.map(([argument, value]) => ({ ...least, [argument]: value }))];
}
