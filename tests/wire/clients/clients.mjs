// Calls the providers of a server with the client libraries of Node.js, each with its default settings, and prints what
// each call came to: one line of JSON a case.
//
//   node clients.mjs '{"ok": "http://127.0.0.1:1", ...}'
//
// Every case has a tag of its own, so that the server's ledger shows how many calls it became.

import Anthropic from "@anthropic-ai/sdk";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { ChatAnthropic } from "@langchain/anthropic";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, streamText } from "ai";
import OpenAI from "openai";

const urls = JSON.parse(process.argv[2]);
const timeout = 1500; // of a call that hangs
const key = "none";

const print = (found) => process.stdout.write(`${JSON.stringify(found)}\n`);
console.log = console.info = console.error; // of the libraries

const openai = (url) => new OpenAI({ apiKey: key, baseURL: `${url}/v1`, timeout });
const anthropic = (url) => new Anthropic({ apiKey: key, baseURL: url, timeout });
const user = (text) => [{ role: "user", content: text }];

async function openaiStream(url, text) {
  const stream = await openai(url).chat.completions.create({
    model: "m", messages: user(text), stream: true, stream_options: { include_usage: true } });
  const found = { text: "", finish: null, tokens: null };
  for await (const chunk of stream) {
    found.text += chunk.choices[0]?.delta?.content ?? "";
    found.finish = chunk.choices[0]?.finish_reason ?? found.finish;
    found.tokens = chunk.usage?.completion_tokens ?? found.tokens;
  }
  return found;
}

async function responsesStream(url, text) {
  const found = { text: "", finish: null, tokens: null };
  for await (const event of await openai(url).responses.create({ model: "m", input: user(text), stream: true })) {
    if (event.type === "response.output_text.delta") found.text += event.delta;
    if (event.type === "response.completed") {
      found.finish = event.response.status;
      found.tokens = event.response.usage.output_tokens;
    }
  }
  return found;
}

async function anthropicStream(url, text) {
  const stream = await anthropic(url).messages.create({ model: "m", max_tokens: 99, messages: user(text), stream: true });
  const found = { text: "", finish: null, tokens: null };
  for await (const event of stream) {
    if (event.type === "content_block_delta") found.text += event.delta.text;
    if (event.type === "message_delta") {
      found.finish = event.delta.stop_reason;
      found.tokens = event.usage.output_tokens;
    }
  }
  return found;
}

async function aiStream(model, text) {
  let failure = null;
  const result = streamText({ model, messages: user(text), onError: ({ error }) => { failure = error; } });
  const found = { text: "", finish: null, tokens: null };
  for await (const part of result.textStream) found.text += part;
  if (failure) throw failure;
  found.finish = await result.finishReason;
  found.tokens = (await result.usage).outputTokens;
  return found;
}

async function langchainStream(model, text) {
  const found = { text: "", finish: null, tokens: null };
  for await (const chunk of await model.stream(text)) {
    found.text += typeof chunk.content === "string" ? chunk.content : chunk.content.map((part) => part.text ?? "").join("");
    found.tokens = chunk.usage_metadata?.output_tokens || found.tokens;
    found.finish = chunk.response_metadata?.finish_reason ?? chunk.additional_kwargs?.stop_reason ?? found.finish;
  }
  return found;
}

const clients = {
  "openai chat": async (url, text) => {
    const answer = await openai(url).chat.completions.create({ model: "m", messages: user(text) });
    const choice = answer.choices[0];
    return { text: choice.message.content, finish: choice.finish_reason, tokens: answer.usage.completion_tokens };
  },
  "openai chat stream": openaiStream,
  "openai responses": async (url, text) => {
    const answer = await openai(url).responses.create({ model: "m", input: user(text) });
    return { text: answer.output_text, finish: answer.status, tokens: answer.usage.output_tokens };
  },
  "openai responses stream": responsesStream,
  "anthropic": async (url, text) => {
    const answer = await anthropic(url).messages.create({ model: "m", max_tokens: 99, messages: user(text) });
    return { text: answer.content[0].text, finish: answer.stop_reason, tokens: answer.usage.output_tokens };
  },
  "anthropic stream": anthropicStream,
  "ai openai": async (url, text) => {
    const model = createOpenAI({ apiKey: key, baseURL: `${url}/v1` }).chat("m");
    const answer = await generateText({ model, messages: user(text) });
    return { text: answer.text, finish: answer.finishReason, tokens: answer.usage.outputTokens };
  },
  "ai openai stream": (url, text) => aiStream(createOpenAI({ apiKey: key, baseURL: `${url}/v1` }).chat("m"), text),
  "ai anthropic stream": (url, text) => aiStream(createAnthropic({ apiKey: key, baseURL: `${url}/v1` })("m"), text),
  "langchain openai": async (url, text) => {
    const model = new ChatOpenAI({ model: "m", apiKey: key, maxRetries: 0, configuration: { baseURL: `${url}/v1` } });
    const answer = await model.invoke(text);
    return { text: answer.content, finish: answer.response_metadata.finish_reason, tokens: answer.usage_metadata.output_tokens };
  },
  "langchain openai stream": (url, text) => langchainStream(
    new ChatOpenAI({ model: "m", apiKey: key, maxRetries: 0, configuration: { baseURL: `${url}/v1` } }), text),
  "langchain anthropic stream": (url, text) => langchainStream(
    new ChatAnthropic({ model: "m", apiKey: key, maxRetries: 0, anthropicApiUrl: url }), text),
};

let tag = 0;
async function one(client, provider, call) {
  const number = tag++;
  const found = { client, provider, tag: number };
  try {
    Object.assign(found, await call(urls[provider], `[wt ${number}] hello`));
  } catch (error) {
    found.error = error.constructor.name;
    found.status = error.status ?? error.statusCode ?? error.lastError?.statusCode ?? null;
  }
  print(found);
}

// Without a timeout of their own the others wait for ever.
const ends = (client, provider) => provider !== "hang" || /^(openai|anthropic)/.test(client);
await Promise.all(Object.keys(urls).flatMap((provider) => Object.entries(clients)
  .filter(([client]) => ends(client, provider)).map(([client, call]) => one(client, provider, call))));

const numbers = await openai(urls.ok).embeddings.create({ model: "m", input: ["a", "b"] });
const models = await openai(urls.ok).models.list();
print({ client: "openai others", provider: "ok", rows: numbers.data.length,
  length: numbers.data[1].embedding.length, first: numbers.data[0].embedding[0], models: models.data.map((row) => row.id) });
process.exit(0);
