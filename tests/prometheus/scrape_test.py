"""A real Prometheus scrapes a gateway that serves: the target is up, its samples are those of the requests that were made,
and every metric of the gateway that the shipped dashboard asks for is there.

    scrape_test.py WINDTUNNEL
"""

import json
import os
import re
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "wire")]
from gateways import Gateway
from oracles import ROOT, Prometheus, environment
from serving import QUICK, Server, need, post, world

# What only a mock provider knows, and what only a simulation or an experiment has; and labels.
SIMULATED = {"gen_ai_token_type", "gen_ai_provider_name", "windtunnel_variant_request_duration_seconds_bucket",
             "windtunnel_variant_requests_total", "windtunnel_variant_cost_usd_total", "windtunnel_run_info", "windtunnel_fault_active", "windtunnel_cost_usd_total", "windtunnel_provider_cost_usd_total",
             "windtunnel_cache_entries_held", "windtunnel_cache_entries_fresh", "windtunnel_budget_overruns_total",
             "windtunnel_breaker_open_seconds_total", "windtunnel_breaker_half_open_seconds_total"}


def dashboard_metrics():
    with open(os.path.join(ROOT, "reports/prometheus/windtunnel-dashboard.json"), encoding="utf-8") as file:
        text = file.read()
    return set(re.findall(r"\b(?:windtunnel|gen_ai)_[a-z_]+\b", " ".join(re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', text))))


def main(windtunnel):
    env = environment("prometheus")
    monitor = {"token_limiter": {"mode": "off"}}
    with tempfile.TemporaryDirectory() as folder, Server(windtunnel, world({"openai": QUICK, "anthropic": QUICK})) as server, \
            Gateway(windtunnel, server.urls, monitor=monitor) as gateway:
        for i in range(5):
            post(gateway.connect(), "/v1/chat/completions",
                 {"model": "default", "messages": [{"role": "user", "content": f"question {i}"}]})
        settings = os.path.join(folder, "prometheus.yml")
        with open(settings, "w", encoding="utf-8") as file:
            json.dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [
                {"job_name": "gateway", "static_configs": [{"targets": [gateway.url.split("//")[1]]}]}]}, file)
        command = f"prometheus --config.file={settings} --storage.tsdb.path={os.path.join(folder, 'tsdb')}"
        with Prometheus(command, env, folder) as prometheus:
            until = time.monotonic() + 30
            up = []
            while time.monotonic() < until and not up:
                time.sleep(0.3)
                up = prometheus.ask("query", query='up{job="gateway"}')
            need([each["value"][1] for each in up] == ["1"], f"the gateway's metrics are not taken: {up}")
            found = prometheus.ask("query", query='windtunnel_requests_total{outcome="served"}')
            need([each["value"][1] for each in found] == ["5"], f"{found}")
            names = {each["metric"]["__name__"] for each in
                     prometheus.ask("query", query='group by (__name__) ({job="gateway"})')}
    wanted = dashboard_metrics() - SIMULATED
    missing = [name for name in wanted if name not in names and not any(each.startswith(name) for each in names)]
    need(len(wanted) > 10 and not missing, f"the dashboard asks for {missing}")
    print(f"{len(names)} metrics, {len(wanted)} of the dashboard's among them")


if __name__ == "__main__":
    main(sys.argv[1])
