// opossum (https://github.com/nodeshift/opossum), under the settings that describe it best:
//
//   npm ci && windtunnel verify --config opossum.json -- node opossum.js

import CircuitBreaker from "opossum";
import { Unsupported, insist, serve, settle } from "./adapter.js";

class Ignored extends Error {}

serve((config) => {
  insist(config, {
    failure_rate_threshold: undefined,
    failure_rate_compare: "gt",
    minimum_calls: undefined,
    window_type: "time",
    window_ms: undefined,
    window_buckets: undefined,
    open_ms: undefined,
    half_open_max_calls: 1,
    half_open_success_threshold: 1,
    on_close: "keep",
  });
  if (!config.failure_rate_threshold || !config.window_buckets || config.on_close !== "keep") {
    throw new Unsupported("it always has a rate rule over buckets of time, and keeps its counts when it closes");
  }
  let permit = null;
  const breaker = new CircuitBreaker(() => new Promise((resolve, reject) => (permit = { resolve, reject })), {
    timeout: false,
    errorThresholdPercentage: config.failure_rate_threshold * 100,
    volumeThreshold: config.minimum_calls ?? 0,
    rollingCountTimeout: config.window_ms,
    rollingCountBuckets: config.window_buckets,
    resetTimeout: config.open_ms ?? 30000,
    errorFilter: (error) => error instanceof Ignored,
  });

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
      else held.reject(ok === null ? new Ignored() : new Error("the call failed"));
    },
  };
});
