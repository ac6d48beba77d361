"""summary.txt, line by line, as the recount of a run says it must read."""

import re
from fractions import Fraction

from comparison import exact, rounded
from history import ANSWERED, OUTCOMES
from phrases import Line, Ms, dollars, percent, thousands

RULE = "=" * 60
MARKS = {"closed": "🟢", "half_open": "🟡", "open": "🔴"}
VERDICT_MARKS = {"pass": "✅", "inconclusive": "❔", "fail": "❌", "nothing_claimed": "➖"}
VERDICT_WORDS = {"nothing_claimed": "NOTHING CLAIMED"}


def ms(near):
    return "-" if near is None else Ms(near)


def table(rows):
    """Rows of texts, the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [text.ljust(width) if i == 0 else text.rjust(width) for i, (text, width) in enumerate(zip(row, widths))]
        yield ("  " + "  ".join(cells)).rstrip()


def provider_lines(provider):
    latency = provider["latency_ms"]
    return [f"  {provider['name'].upper()}:", f"    Requests: {thousands(provider['calls'])}",
            f"    Success Rate: {percent(provider['calls'] - provider['errors'], provider['calls'])}",
            f"    Total Tokens: {thousands(provider['tokens']['total'])}",
            f"    Total Cost: {dollars(provider['cost_usd'])}",
            Line("    Latency - P50: ", ms(latency["p50"]), ", P95: ", ms(latency["p95"]), ", P99: ", ms(latency["p99"])), ""]


def statistics(run):
    users = run["users"]
    yield from (RULE, "LLM MONITORING STATISTICS", RULE, "", f"Total Requests: {thousands(run['calls'])}",
                f"Total Cost: {dollars(run['cost_usd'])}", "", f"User Requests: {thousands(users['requests'])}")
    for outcome in OUTCOMES:
        if users["outcomes"][outcome]:
            count = users["outcomes"][outcome]
            yield f"  {outcome}: {thousands(count)} ({percent(count, users['requests'])})"
    yield from ("", "Provider Statistics:", "")
    for provider in run["providers"]:
        yield from provider_lines(provider)
    yield "Circuit Breaker States:"
    for provider in run["providers"]:
        breaker = provider["circuit_breaker"]
        if breaker["state"] is None:
            yield f"  {provider['name']}: off (Failures: -, Error Rate: -)"
            continue
        calls = breaker["failures"] + breaker["successes"]
        yield (f"  {provider['name']}: {MARKS[breaker['state']]} {breaker['state']} (Failures: "
               f"{thousands(breaker['failures'])}, Error Rate: {percent(breaker['failures'], calls) if calls else '-'})")
    yield RULE
    if run["cost_known_usd"] != run["cost_usd"] or run["cost_reserved_usd"] != "0":
        yield from ("", "Cost:", f"  Billed by the providers: {dollars(run['cost_usd'])}",
                    f"  Known to the gateway: {dollars(run['cost_known_usd'])}",
                    f"  Held by reservations: {dollars(run['cost_reserved_usd'])}, for calls whose bill the gateway never "
                    "learns")


def token_kinds(run):
    lines = [f"  {one['name']}: {thousands(kinds['cached_input'])} of {thousands(one['tokens']['input'])} input cached, "
             f"{thousands(kinds['cache_write'])} written to a cache, {thousands(kinds['reasoning'])} of "
             f"{thousands(one['tokens']['output'])} output reasoning"
             for one in run["providers"] if (kinds := one["tokens"].get("kinds"))]
    yield from ("", "Tokens:", *lines) if lines else ()


def budget_line(window, history):
    is_day = window["window"] == "day"
    line = f"  {'Day' if is_day else 'Month'} {window['begin'][: 10 if is_day else 7]}: {dollars(window['settled_usd'])}"
    if window["limit_usd"] is None:
        return line + " (no limit)"
    line += f" of {dollars(window['limit_usd'])}"
    if window["limit_usd"] != "0":
        line += f" ({percent(Fraction(window['settled_usd']), Fraction(window['limit_usd']))})"
    alerts = [exact(share, 4) + "%" for share in history.limits.alerts[: window["alerts_fired"]]]
    line += ", Alerts: " + (" ".join(alerts) or "none") + (" (refused)" if window["alert_by_refusal"] else "")
    return line + (f", Reserved at most: {dollars(window['reserved_max_usd'])}" if window["refused"] else "")


def limiters(run, history):
    limits = history.limiters
    rates = [f"{thousands(limit)} {unit}/min" for limit, unit in ((limits.requests, "requests"), (limits.tokens, "tokens"))
             if limit is not None]
    if rates:
        yield from ("", "Rate Limiter:", f"  Limit: {', '.join(rates)}, Refused: {thousands(run['rate_limiter']['refused'])}")
    tokens = run["token_limiter"]
    if tokens["mode"] == "off":
        yield from ("", "Token Limiter: off")
    else:
        count = tokens["settled_requests"]
        average = f"{rounded(Fraction(tokens['settled_tokens'], count), 1):.1f}" if count else "-"
        yield from ("", f"Token Limiter ({tokens['mode']}):",
                    f"  Average: {average} tokens, Limit: {thousands(tokens['limit'])}, Cut: {thousands(tokens['cut'])}, "
                    f"Refused: {thousands(tokens['refused'])}")
    cost = run["cost_limiter"]
    yield from ("", "Cost Limiter:", *(budget_line(window, history) for window in cost["windows"]))
    by_reservation = cost["refused_by_reservation"]
    more = f", of these by reservations of calls in flight: {thousands(by_reservation)}" if by_reservation else ""
    yield f"  Refused: {thousands(cost['refused'])}{more}"
    if "late_usage" in cost:
        late = cost["late_usage"]
        yield (f"  Bills that came late: {thousands(late['calls'])}, of {dollars(late['billed_usd'])} where "
               f"{dollars(late['settled_usd'])} had been settled")
    if cost["overruns"]:
        yield f"  Bills above their reservation: {thousands(cost['overruns'])}"
    cache = run["cache"]
    if not history.cache.is_on:
        yield from ("", "Cache: off")
        return
    yield from ("", "Cache:", f"  Entries: {thousands(cache['entries_held'])} of {thousands(cache['capacity'])} (fresh: "
                f"{thousands(cache['entries_fresh'])}), Hits: {thousands(cache['hits'])}, Hit Rate: "
                f"{percent(cache['hits'], cache['hits'] + cache['misses'])}, Stale Hits: {thousands(cache['stale_hits'])}")


def routes(run):
    if not run["routes"]:
        return
    yield from ("", "Routes:")
    yield from table([("Route", "Requests", "Answered", "Refused", "Failed", "Failed Over", "Calls", "Billed"),
                      *((one["name"], thousands(one["requests"]), percent(one["answered"], one["requests"]),
                         thousands(one["refused"]), thousands(one["failed"]), thousands(one["failed_over"]),
                         thousands(one["attempts"]), dollars(one["cost_usd"])) for one in run["routes"])])


def clients(run):
    if not run["clients"]:
        return
    keys = ("wishes", "answered", "failed", "left", "tries", "unread", "calls")
    yield from ("", "Callers Who Try Again:")
    yield from table([("Callers", "Wishes", "Answered", "Failed", "Left", "Tries", "Unread Answers", "Calls"),
                      *((one["name"], *(thousands(one[key]) for key in keys)) for one in run["clients"])])


def faults_and_coverage(run):
    if run["faults"]:
        yield from ("", "Faults:")
        keys = ("phases", "touched", "affected")
        yield from table([("Fault", "Kind", "Phases", "Touched", "Affected"),
                          *((one["id"], one["kind"], *(thousands(one[key]) for key in keys)) for one in run["faults"])])
    rows = [(name, thousands(one["count"]), "-" if one["required"] is None else thousands(one["required"]),
             "" if one["required"] is None else VERDICT_MARKS["pass" if one["count"] >= one["required"] else "inconclusive"])
            for name, one in run["coverage"].items() if one["count"] or one["required"] is not None]
    if rows:
        yield from ("", "Coverage:", *table([("Counter", "Count", "Required", ""), *rows]))


def finding_line(finding):
    by_claim = finding.claim.startswith(finding.id)
    line = f"  {VERDICT_MARKS[finding.verdict]} {finding.kind} {finding.claim if by_claim else finding.id}"
    if finding.at is not None:
        line += f" at {exact(finding.at, 9)}s"
    if finding.request is not None:
        line += f", request {finding.request}"
    if finding.verdict != "pass" and finding.claim and not by_claim:
        line += f" - {finding.claim}"
    line += f" - {finding.reason}" if finding.reason else ""
    if finding.verdict != "pass" and finding.line:
        line += f" [{finding.file}:{finding.line}:{finding.column}]"
    return line


def checks(run, history):
    violations = sum(finding.kind == "invariant" for finding in history.findings)
    yield from ("", "Checks:", f"  {VERDICT_MARKS['fail' if violations else 'pass']} "
                f"{thousands(len(run['checks']))} invariants watched, {thousands(violations)} violations")
    for finding in history.findings:
        if finding.kind not in ("coverage", "fault") or finding.verdict != "pass":
            yield finding_line(finding)
    verdict = history.verdict.verdict
    yield from ("", RULE, f"Verdict: {VERDICT_WORDS.get(verdict, verdict.upper())}")
    if verdict == "nothing_claimed":
        yield "The scenario has no threshold, liveness, coverage or min_affected: there is nothing that could pass."
    users = run["users"]
    answered = sum(users["outcomes"][outcome] for outcome in ANSWERED)
    wishes, had = (sum(one[key] for one in run["clients"]) for key in ("wishes", "answered"))
    of_wishes = f"{percent(had, wishes)} of {thousands(wishes)} wishes, " if run["clients"] else ""
    yield (f"Answered: {of_wishes}{percent(answered, users['requests'])} of "
           f"{thousands(users['requests'])} requests")
    yield from (f"Note: {note}" for note in history.verdict.notes)
    title = f" - {history.run.title}" if history.run.title else ""
    yield from (f"Scenario: {history.run.file}{title}", f"Seed: {run['seed']}", f"Digest: {run['digest']}")
    if verdict not in ("pass", "nothing_claimed"):
        yield Line("Replay: ", None)
    yield RULE


def signed(number, before=""):
    sign = "" if number == 0 else "-" if number < 0 else "+"
    return f"{sign}{before}{abs(number).normalize():f}"


def experiment(run, history, means):
    arms = run["experiment"]["variants"]
    units = run["experiment"]["sample_ratio"]["units"]
    yield from ("", f"Experiment {run['experiment']['id']}:")
    # Latencies stand in columns, so that their widths depend on digits that only the report has.
    yield Line(None)
    for arm in arms:
        yield Line(re.compile(rf"  {re.escape(arm['id'])} +{thousands(arm['requests'])} +"
                          rf"{percent(arm['answered'], arm['requests'])} +"), ms(arm["latency_ms"]["p50"]), re.compile(" +"),
               ms(arm["latency_ms"]["p95"]), re.compile(rf" +{re.escape(dollars(arm['cost_usd']))}"))
    yield from table([("Mean of", "Units", "Latency", "Cost/Request"),
                      *((arm["id"], thousands(count), shown_mean(mean["latency_mean_ms"], "", "ms"),
                         shown_mean(mean["cost_mean_usd"], "$", "")) for arm, count, mean in zip(arms, units, means))])
    for arm, against in zip(arms[1:], run["experiment"]["against_first"]):
        yield (f"  {arm['id']} against {arms[0]['id']} (n = {thousands(arm['requests'])} and "
               f"{thousands(arms[0]['requests'])}; 95 % intervals by batch means, which allow for requests that depend on "
               "each other):")
        for name, key, scale, before, after in (("Success", "success_rate", 100, "", " points"),
                                                ("Mean latency", "latency_mean_ms", 1, "", "ms"),
                                                ("Cost/Request", "cost_mean_usd", 1, "$", "")):
            if against[key] is None:
                yield f"    {name}: -"
            else:
                yield Line(f"    {name}: {signed(against[key]['difference'] * scale, before)}{after} (", None)
    ratio = run["experiment"]["sample_ratio"]
    shown = ", ".join(map(thousands, units[:-1])) + (" and " if len(units) > 1 else "") + thousands(units[-1])
    shown += " units at weights " + ":".join(str(arm["weight"]) for arm in arms)
    degrees = ratio["degrees_of_freedom"]
    chi = ratio["chi_square"] is not None and (f", chi-square {ratio['chi_square'].normalize():f} ({degrees} "
                                               f"degree{'' if degrees == 1 else 's'} of freedom)")
    if not chi:
        yield f"  Division: {shown}: too few to judge"
    elif not ratio["mismatch"]:
        yield f"  Division: {shown}{chi}: as the weights say"
    else:
        yield Line(f"  WARNING: sample ratio mismatch: {shown}{chi}, p < 0.001", None)


def shown_mean(value, before, after):
    return "-" if value is None else f"{before}{value.normalize():f}{after}"


def lines(run, history, means):
    yield from statistics(run)
    yield from token_kinds(run)
    yield from limiters(run, history)
    if run["experiment"]:
        yield from experiment(run, history, means)
    yield from routes(run)
    yield from clients(run)
    yield from faults_and_coverage(run)
    yield from checks(run, history)


def compare_text(compared, text, run, history, means):
    shown, wanted = text.splitlines(), list(lines(run, history, means))
    if len(shown) != len(wanted):
        compared.mistake("summary.txt", f"has {len(shown)} lines, the recount {len(wanted)}")
    for line, recounted in zip(shown, wanted):
        compared.figures += 1
        if recounted != line:
            compared.mistake("summary.txt", f"reads '{line}', the recount '{recounted}'")
            return
