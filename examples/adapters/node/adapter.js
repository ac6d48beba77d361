// The breaker protocol on standard input and output, for circuit breakers of Node that run on promises and timers.
//
// A breaker is made by make(config) and has
//   state()                 "closed", "open" or "half_open"
//   acquire()               a promise of a permit (anything), or of null for a refusal
//   report(permit, ok)      a promise; ok is true, false, or null for an outcome that does not count
// It may use Date.now, setTimeout and setInterval: they are those of a fake clock that starts at 0 and stands wherever
// the latest question put it. Wrong questions are answered by an error here and never reach the breaker.

import { createInterface } from "node:readline";
import FakeTimers from "@sinonjs/fake-timers";

export class Unsupported extends Error {}
class Wrong extends Error {}

const soon = setImmediate;
// Lets every promise that can go on go on.
export const settle = () => new Promise((done) => soon(done));

// Throws when a setting is none of those that the breaker has, or has another value than it must.
export function insist(config, known) {
  for (const [name, value] of Object.entries(config)) {
    if (!(name in known)) throw new Unsupported(`no setting ${name}`);
    if (known[name] !== undefined && known[name] !== value) throw new Unsupported(`${name} is always ${known[name]}`);
  }
}

class Desk {
  constructor(make, config) {
    this.permits = new Map();
    this.issued = 0;
    this.breaker = make(config);
  }

  async answer({ op, t_ms, permit, ok }, clock) {
    if (!["acquire", "report", "state"].includes(op)) throw new Wrong(`unknown op ${op}`);
    if (!Number.isInteger(t_ms) || t_ms < clock.now) throw new Wrong("t_ms is no whole number, or time runs backwards");
    if (op === "report" && !this.permits.has(permit)) throw new Wrong("an unknown or used permit");
    if (op === "report" && ![true, false, null].includes(ok)) throw new Wrong("ok is true, false or null");
    clock.tick(t_ms - clock.now);
    await settle();
    if (op === "report") {
      const held = this.permits.get(permit);
      this.permits.delete(permit);
      await this.breaker.report(held, ok);
      await settle();
    }
    if (op !== "acquire") return { state: this.breaker.state() };
    const given = await this.breaker.acquire();
    await settle();
    if (given === null) return { admitted: false, state: this.breaker.state(), permit: null };
    this.permits.set(++this.issued, given);
    return { admitted: true, state: this.breaker.state(), permit: this.issued };
  }
}

export async function serve(make) {
  let desk = null;
  let clock = null;
  const reset = (config) => {
    clock?.uninstall();
    clock = FakeTimers.install({ now: 0, toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    desk = new Desk(make, config);
    return {};
  };
  for await (const line of createInterface({ input: process.stdin })) {
    let answer;
    try {
      const question = JSON.parse(line);
      if (question.op === "reset") answer = reset(question.config);
      else if (desk === null) throw new Wrong("a reset comes first");
      else answer = await desk.answer(question, clock);
    } catch (why) {
      if (why instanceof Unsupported) answer = { unsupported: true, why: why.message };
      else if (why instanceof Wrong || why instanceof SyntaxError) answer = { error: why.message };
      else throw why;
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
}
