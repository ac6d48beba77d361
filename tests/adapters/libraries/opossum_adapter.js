// opossum (https://github.com/nodeshift/opossum) behind the breaker protocol. Settings that are absent are the library's
// defaults; its time-out is off.

import CircuitBreaker from "opossum";
import { Unsupported, serve, settle } from "./adapter.js";

const names = { minimum_calls: "volumeThreshold", window_ms: "rollingCountTimeout", window_buckets: "rollingCountBuckets", open_ms: "resetTimeout" };

serve((config) => {
  const options = { timeout: false };
  for (const [name, value] of Object.entries(config)) {
    if (name === "failure_rate_threshold") options.errorThresholdPercentage = value * 100;
    else if (name in names) options[names[name]] = value;
    else throw new Unsupported(`no setting ${name}`);
  }
  let permit = null;
  const action = () => new Promise((resolve, reject) => (permit = { resolve, reject }));
  const breaker = new CircuitBreaker(action, options);

  return {
    state: () => (breaker.opened ? "open" : breaker.halfOpen ? "half_open" : "closed"),
    async acquire() {
      permit = null;
      breaker.fire().catch(() => {});
      await settle();
      return permit;
    },
    async report(held, ok) {
      if (ok) held.resolve();
      else held.reject(new Error("the call failed"));
    },
  };
});
