// cockatiel's ConsecutiveBreaker (https://github.com/connor4312/cockatiel).
//
//   npm ci && windtunnel verify -- node cockatiel.js
//
// It refuses by throwing BrokenCircuitError. In HALF_OPEN it lets further callers wait for the one probe; a caller who
// does not wait is refused, which is what is answered here. It notices that OPEN has ended when somebody calls; states
// are told here as of now.

import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from "cockatiel";
import { Unsupported, insist, serve, settle } from "./adapter.js";

class Ignored extends Error {}

serve((config) => {
  insist(config, {
    consecutive_threshold: undefined,
    open_ms: undefined,
    half_open_max_calls: 1,
    half_open_success_threshold: 1,
  });
  const threshold = config.consecutive_threshold ?? null;
  if (threshold === null) throw new Unsupported("consecutive_threshold is its only rule");
  const openFor = config.open_ms ?? 30000;
  const policy = circuitBreaker(
    handleWhen((error) => !(error instanceof Ignored)),
    { halfOpenAfter: openFor, breaker: new ConsecutiveBreaker(threshold) },
  );
  let openedAt = null;
  policy.onBreak(() => (openedAt = Date.now()));

  return {
    state() {
      if (policy.state === CircuitState.Closed) return "closed";
      const over = policy.state === CircuitState.HalfOpen || Date.now() - openedAt >= openFor;
      return over ? "half_open" : "open";
    },
    async acquire() {
      if (policy.state === CircuitState.HalfOpen) return null;
      let permit = null;
      const call = policy.execute(() => new Promise((resolve, reject) => (permit = { resolve, reject })));
      call.catch((error) => {
        if (permit === null && !(error instanceof BrokenCircuitError)) throw error;
      });
      await settle();
      return permit;
    },
    async report(permit, ok) {
      if (ok) permit.resolve();
      else permit.reject(ok === null ? new Ignored() : new Error("the call failed"));
    },
  };
});
