#include "runs/manual/verb_footers.h"

#include <algorithm>
#include <iterator>

namespace windtunnel::runs {
namespace {

struct Footer {
  std::string_view verb;
  const char* text;
};

// In the order of the help.
constexpr Footer kFooters[] = {
    {"",
     "Examples:\n"
     "  windtunnel init outage.json\n"
     "  windtunnel run outage.json\n"
     "  windtunnel run scenarios/catalog/*.json --out out --jobs 2\n"
     "  windtunnel explain 13\n"
     "\n"
     "windtunnel VERB --help has the flags of a verb and more examples.\n"
     "\n"
     "Environment (a flag wins): WINDTUNNEL_SEED, WINDTUNNEL_OUT, WINDTUNNEL_FORMAT, WINDTUNNEL_JOBS, NO_COLOR.\n"
     "In GitHub Actions (GITHUB_ACTIONS, GITHUB_STEP_SUMMARY) findings are annotated and summed up too.\n"
     "\n"
     "Exit codes: 0 pass, 1 internal error, 2 usage, 3 scenario invalid, 4 file error, 10 invariant violated, 11 "
     "liveness,\n"
     "12 threshold, 13 inconclusive, 14 not deterministic, 15 regression, 130 interrupted."},
    {"run",
     "Examples:\n"
     "  windtunnel run scenarios/catalog/demo.json\n"
     "  windtunnel run scenarios/catalog/*.json --out out --jobs 2\n"
     "  windtunnel run outage.json --out out --html\n"
     "  windtunnel run outage.json --seeds 1..100 --jobs 2 --fail-fast\n"
     "  windtunnel run outage.json --set monitor.circuit_breaker.open=5s\n"
     "  windtunnel run scenarios/*.json --junit junit.xml\n"
     "  windtunnel run outage.json --quiet --telemetry telemetry.jsonl.zst\n"
     "  windtunnel run outage.json --checks B3,C1 --keep-going\n"
     "  windtunnel run outage.json --verify-determinism"},
    {"explore",
     "Examples:\n"
     "  windtunnel explore outage.json --seeds 1..10000 --jobs 2\n"
     "  windtunnel explore outage.json --swarm --time 60s --out found\n"
     "  windtunnel explore outage.json --frontier monitor.circuit_breaker.open=1s..120s --against requests_failed\n"
     "  windtunnel explore outage.json --swarm --seeds 1..20000 --set explore.keep='[\"circuit_breaker\"]'\n"
     "  windtunnel explore outage.json --gateway portkey.json --seeds 1..20 --out found\n"
     "\n"
     "Looks for the first seed that breaks an invariant, liveness or a threshold. With --swarm each seed has a\n"
     "world of its own: faults, load and every setting are drawn, within the ranges of the file's explore block.\n"
     "What fails is shrunk to a scenario file from which nothing more can go. The answer does not depend on\n"
     "--jobs. With --out a search that was stopped or killed goes on where it was. Speed and progress go to\n"
     "stderr. With --gateway each seed is a trial of a real gateway in virtual time, one after the other."},
    {"compare",
     "Examples:\n"
     "  windtunnel compare before.json after.json\n"
     "  windtunnel compare outage.json --vary monitor.circuit_breaker.preset=all --jobs 2\n"
     "  windtunnel compare outage.json --vary monitor.circuit_breaker.open=5s,30s,60s --seeds 1..100\n"
     "  windtunnel compare outage.json --vary monitor.provider_call.timeout=5s,30s \\\n"
     "      --vary monitor.circuit_breaker.half_open_max_calls=1,3 --format markdown\n"
     "  windtunnel compare month.json --vary monitor.ab_router.variants.a.weight=50,55 --forecast --horizon 30d\n"
     "  windtunnel compare main.json branch.json --seeds 1..70 --max-regression 'wasted_calls<=0.1' \\\n"
     "      --max-regression 'p95<=5%'\n"
     "\n"
     "The first variation is the one that the others are compared with. Each seed is run in every variation, with\n"
     "the same arrivals, latencies and faults. windtunnel explain wasted_calls (or another metric or heading) says\n"
     "how it is measured.\n"
     "\n"
     "--max-regression METRIC<=BOUND: how much worse than in the first a metric may be, in its unit (bare times\n"
     "are milliseconds) or, with %, relative to the first's mean. It passes when the whole two-sided 95 % interval\n"
     "of the paired difference is at or below the bound (its upper end decides), is a regression (exit 15) when\n"
     "the whole interval is above it (its lower end decides), and is undecided (exit 13, never a pass) when the\n"
     "interval holds the bound: more seeds make it narrower. Where no two seeds differ, rare ones still may: up to\n"
     "3/N of them are taken to, so that <=0 stays undecided and, of a count, <=0.1 passes from 30 seeds on."},
    {"forecast",
     "Every figure comes with its 95 % interval. --assert passes (exit 0) only if the whole interval keeps the\n"
     "bound, fails (12) if none of it does, and is undecided (13) in between.\n"
     "\n"
     "Examples:\n"
     "  windtunnel forecast scenarios/catalog/month.json --jobs 2\n"
     "  windtunnel forecast month.json --horizon 31d --assert 'forecast.p_exceed(1.0)<=0.05'\n"
     "  windtunnel forecast month.json --as-of 2026-01-15 --spent 'openai=1310.22,anthropic=402.10' --horizon 17d\n"
     "  windtunnel forecast month.json --until 'p_exceed:hw=0.01,mean:rel=0.005' --max-replications 20000\n"
     "  windtunnel forecast month.json --headroom --html --out out\n"
     "  windtunnel forecast month.json --rare 'both providers down for more than 10m'\n"
     "  windtunnel forecast month.json --plan 'p_exceed:rel=0.1,mean:rel=0.001'\n"
     "  windtunnel forecast --from spend-logs.jsonl.gz --set monitor.cost_limiter.monthly_usd=5000\n"
     "  windtunnel forecast month.json --shard 0/4 --out part-0.json   # then: windtunnel merge part-*.json\n"
     "  mpirun -n 4 windtunnel forecast month.json                     # built with WINDTUNNEL_MPI\n"
     "\n"
     "--assert knows forecast.p_exceed(SHARE), forecast.cost_usd avg|med|p(N) (with {provider:...} or\n"
     "{variant:...}), forecast.requests_failed, forecast.requests_refused, forecast.request_duration\n"
     "p(50|90|95|99) and forecast.days_to_exhaustion med|p(N)."},
    {"merge",
     "Examples:\n"
     "  windtunnel merge part-*.json\n"
     "  windtunnel merge part-*.json --format json\n"
     "  windtunnel merge part-*.json --assert 'forecast.cost_usd p(90)<5000' --html --out out"},
    {"validate",
     "Examples:\n"
     "  windtunnel validate scenarios/*.json\n"
     "  windtunnel validate outage.json --set faults.openai-down.duration=2m\n"
     "  windtunnel validate outage.json --effective > all.json   # a scenario with every key, of the same world"},
    {"init",
     "Examples:\n"
     "  windtunnel init                 writes scenario.json\n"
     "  windtunnel init ci/outage.json\n"
     "  windtunnel init month.json --from spend-logs.jsonl.gz\n"
     "  windtunnel init gateway.json --from-litellm config.yaml\n"
     "  windtunnel init gateway.json --from-portkey config.json --from requests.jsonl"},
    {"prices",
     "A model without a price exits with 12.\n"
     "\n"
     "Examples:\n"
     "  windtunnel prices\n"
     "  windtunnel prices --check spend-logs.jsonl.gz\n"
     "  windtunnel prices --check usage.json --prices contract.json"},
    {"audit",
     "A claim that the log breaks exits with 10 and is shown with its records. What the log does not show is never a\n"
     "pass: it is listed as not shown.\n"
     "\n"
     "Examples:\n"
     "  windtunnel audit telemetry.jsonl.zst --config outage.json\n"
     "  windtunnel audit spend-logs.jsonl.gz --config config.yaml --junit audit.xml\n"
     "  windtunnel audit spend-logs.jsonl.gz --ledger costs.json --html audit.html"},
    {"breaker",
     "One JSON object a line, one answer line for each; times are whole milliseconds since the reset:\n"
     "  {\"op\":\"reset\",\"config\":{\"consecutive_threshold\":2,\"open_ms\":1000}}  {} or "
     "{\"unsupported\":true,...}\n"
     "  {\"op\":\"acquire\",\"t_ms\":0}                           "
     "{\"admitted\":true,\"state\":\"closed\",\"permit\":1}\n"
     "  {\"op\":\"report\",\"t_ms\":5,\"permit\":1,\"ok\":false}      {\"state\":\"closed\"}; ok null: ignored "
     "outcome\n"
     "  {\"op\":\"state\",\"t_ms\":5}                             {\"state\":\"closed\"}\n"
     "A wrong line is answered {\"error\":\"...\"} and changes nothing. The settings are those of a scenario's\n"
     "circuit_breaker block, durations as open_ms, window_ms, open_ms_max,\n"
     "half_open_timeout_ms, slow_call_ms; an absent one is off.\n"
     "\n"
     "Examples:\n"
     "  windtunnel breaker < history.jsonl\n"
     "  windtunnel verify -- windtunnel breaker"},
    {"verify",
     "COMMAND is started once, asked line by line on its standard input, and answers line by line (`windtunnel "
     "breaker\n"
     "--help` shows the lines; examples/adapters has adapters to start from). Settings that it calls unsupported are\n"
     "left out.\n"
     "\n"
     "Examples:\n"
     "  windtunnel verify -- python3 examples/adapters/python/clean.py\n"
     "  windtunnel verify --keep-going --out out -- python3 examples/adapters/python/seed.py\n"
     "  windtunnel verify --config settings.json --cases 1000 -- ./my-breaker --stdio\n"
     "  windtunnel verify --replay out/history.jsonl -- python3 examples/adapters/python/seed.py\n"
     "\n"
     "Exit codes: 0 it holds, 10 it does not, 13 it supports none of the settings, 4 it died, hung, flooded or spoke\n"
     "nonsense."},
    {"serve",
     "Each provider of FILE listens on a port of its own: OpenAI chat completions, responses, embeddings and models,\n"
     "Anthropic messages, whole and streamed. The last port is the operator's: GET /state, GET /ledger, POST /faults.\n"
     "SIGINT or SIGTERM ends it, with exit 0. 4: a port is taken, or the ledger cannot be written.\n"
     "\n"
     "Examples:\n"
     "  windtunnel serve outage.json --ledger ledger.jsonl\n"
     "  windtunnel serve outage.json --port-base 0 --format json\n"
     "  windtunnel serve outage.json --print-config nginx"},
    {"trial",
     "Examples:\n"
     "  windtunnel trial outage.json --gateway scenarios/gateways/nginx.json\n"
     "  windtunnel trial outage.json --gateway portkey.json --seeds 1..10 --out out --html\n"
     "\n"
     "The gateway lives in virtual time, in which ten minutes take seconds and the same seed gives the same\n"
     "trial. A program that cannot (Go, linked statically, or running already) needs --clock real."},
    {"gateway",
     "FILE is a scenario whose providers have an `endpoint`; `server` states how it listens. SIGTERM ends it once the\n"
     "open requests are answered. SIGHUP reads FILE again: requests from then on follow it, those that are open end "
     "as\n"
     "they began. A file with errors, or with another address or other files of the server, is refused, and nothing\n"
     "changes. 4: the port is taken, a key is missing, or a file cannot be written.\n"
     "\n"
     "Example:\n"
     "  windtunnel gateway gateway.json --listen 127.0.0.1:8787"},
    {"doctor",
     "COMMAND runs in virtual time alone: whenever all of it waits, the clock moves to its next deadline.\n"
     "\n"
     "Examples:\n"
     "  windtunnel doctor -- sleep 3600\n"
     "  windtunnel doctor --until 1d -- node server.js\n"
     "\n"
     "Exit codes: 0 virtual time holds for it, 13 it does not or no wait shows it, 4 it could not be started."},
    {"export",
     "Examples:\n"
     "  windtunnel run outage.json --out out\n"
     "  windtunnel export openmetrics out\n"
     "  windtunnel export promtest out --rules team.yml --expect 'BreakerOpen within 60s of openai-down'\n"
     "  windtunnel export csv out\n"
     "\n"
     "windtunnel export FORMAT --help has its flags."},
    {"export openmetrics",
     "Writes every metric of the run with timestamps of virtual time, and says how a Prometheus gets to show it.\n"
     "\n"
     "Examples:\n"
     "  windtunnel export openmetrics out\n"
     "  windtunnel export openmetrics out --interval 15s --label run=before --out before.txt"},
    {"export promtest",
     "Writes an input file for `promtool test rules` (Debian package prometheus), runs promtool, and lists which\n"
     "alert fired, when, and how long after the fault before it. promtool's clock begins in 1970. A FAULT is the\n"
     "id of one, or start for the run's begin.\n"
     "\n"
     "Exit codes: 0 every expectation holds, 12 one does not, 13 one cannot be judged: its fault never began, the\n"
     "run was over too soon, or the scrapes are too far apart for the rules' ranges (windtunnel run\n"
     "--timeline-step 15s).\n"
     "\n"
     "Examples:\n"
     "  windtunnel export promtest out --rules team.yml\n"
     "  windtunnel export promtest out --rules team.yml --expect 'BreakerOpen within 60s of openai-down'\n"
     "  windtunnel export promtest out --rules team.yml --expect 'BreakerOpen never' --format json"},
    {"export csv",
     "Writes the run over time, one row for each step of timeline.json.\n"
     "\n"
     "Example:\n"
     "  windtunnel export csv out --out buckets.csv"},
    {"report",
     "Examples:\n"
     "  windtunnel run outage.json --out out && windtunnel report out      writes out/report.html\n"
     "  windtunnel report out --output page.html\n"
     "  windtunnel forecast month.json --out forecast && windtunnel report forecast\n"
     "\n"
     "The page is one file that needs no network. Of a run it has the verdict, the figures of summary.json and, on\n"
     "one time axis, what timeline.json holds: outcomes, breakers, errors, latency, load and spend; of a forecast\n"
     "all that forecast.json holds, with the fan of spend and the chances day by day."},
    {"explain",
     "Examples:\n"
     "  windtunnel explain monitor.circuit_breaker.open  a key of a scenario, with unit, default and range\n"
     "  windtunnel explain ttft                          the keys of this name\n"
     "  windtunnel explain 13 flapping diurnal           an exit code, a fault, an executor\n"
     "  windtunnel explain cost_usd providers.NAME.opened WINDTUNNEL_JOBS  metrics, columns, the environment\n"
     "  windtunnel explain --all"},
    {"schema",
     "Examples:\n"
     "  windtunnel schema               prints it\n"
     "  windtunnel schema --write       writes schema/windtunnel.schema.json; name it in a file's \"$schema\""},
    {"generate",
     "Examples:\n"
     "  source <(windtunnel generate completion bash)\n"
     "  windtunnel generate completion zsh > ~/.zfunc/_windtunnel\n"
     "  windtunnel generate completion fish > ~/.config/fish/completions/windtunnel.fish\n"
     "  windtunnel generate man ~/.local/share/man/man1\n"
     "\n"
     "cmake --install puts all of them in their places."},
};

}  // namespace

const char* footer_of(std::string_view verb) {
  const auto* found =
      std::find_if(std::begin(kFooters), std::end(kFooters), [&](const Footer& footer) { return footer.verb == verb; });
  return found == std::end(kFooters) ? "" : found->text;
}

}  // namespace windtunnel::runs
