// cockatiel's ConsecutiveBreaker (https://github.com/connor4312/cockatiel) behind the breaker protocol. It has no
// defaults; absent settings are those of its readme.
//
// In HALF_OPEN the library lets further calls wait for the probe. Here they are refused.

import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import { Unsupported, serve, settle } from "./adapter.js";

const names = { [CircuitState.Closed]: "closed", [CircuitState.Open]: "open", [CircuitState.HalfOpen]: "half_open" };

serve((config) => {
  const { consecutive_threshold: threshold = 5, open_ms: halfOpenAfter = 10_000, ...others } = config;
  for (const name of Object.keys(others)) throw new Unsupported(`no setting ${name}`);
  const policy = circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(threshold) });

  return {
    state: () => names[policy.state],
    async acquire() {
      if (policy.state === CircuitState.HalfOpen) return null;
      let permit = null;
      const call = policy.execute(() => new Promise((resolve, reject) => (permit = { resolve, reject })));
      call.catch(() => {});
      await settle();
      return permit;
    },
    async report(held, ok) {
      if (ok) held.resolve();
      else held.reject(new Error("the call failed"));
    },
  };
});
