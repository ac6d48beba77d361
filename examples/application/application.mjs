// One wish of an application: an answer by the SDK of openai, with the two retries that it makes by default, from the
// gateway at GATEWAY. It says what it got and how long that took, and ends with 0 either way.

import OpenAI from "openai";

const target = (url) => ({provider: "openai", api_key: "none", custom_host: `${url}/v1`, retry: {attempts: 2}});
const config = {strategy: {mode: "fallback"}, targets: [target(process.env.FIRST), target(process.env.SECOND)]};
const client = new OpenAI({
  baseURL: `${process.env.GATEWAY}/v1`,
  apiKey: "none",
  defaultHeaders: {"x-portkey-config": JSON.stringify(config)},
});

const begun = performance.now();
let outcome;
try {
  const answer = await client.chat.completions.create({
    model: "gpt-4",
    // The mark by which a provider's ledger knows the calls of this wish.
    messages: [{role: "user", content: "[wt application 0] Which way does the wind blow?"}],
  });
  outcome = `answered with ${answer.usage.completion_tokens} tokens`;
} catch (error) {
  outcome = `failed with ${error.status}`;
}
console.log(`${outcome} after ${((performance.now() - begun) / 1000).toFixed(3)} s`);
