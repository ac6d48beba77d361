"""SimPy on the same work: the LLM-request world with a process for each request. Prints one JSON object a line."""

import json
import random
import time

import simpy

REQUESTS = 20_000


def request(env, chance, done):
    for _ in range(2):
        fails = chance.random() < 0.05
        answer = env.timeout(chance.lognormvariate(-0.5, 1))
        deadline = env.timeout(5)
        yield answer | deadline
        if answer.triggered and answer.processed and not fails:
            done.append(env.now)
            return


def load(env, chance, done):
    for _ in range(REQUESTS):
        yield env.timeout(chance.expovariate(50))
        env.process(request(env, chance, done))


def run():
    env = simpy.Environment()
    done = []
    env.process(load(env, random.Random(1), done))
    began = time.process_time()
    env.run()
    assert len(done) > 0.98 * REQUESTS
    return (time.process_time() - began) * 1e9 / REQUESTS


print(json.dumps({"name": "peer/simpy/llm_request", "ns_per_item": round(min(run() for _ in range(3)), 2)}))
