#include "runs/audit/audit_job.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "reports/files/output_file.h"
#include "reports/logs/log_reader.h"
#include "runs/audit/serve_ledger.h"
#include "runs/outputs.h"
#include "scenarios/json/diagnostics.h"

namespace windtunnel::runs {
namespace {

AuditedLog read_log(const reports::LogChoice& choice, std::string* title = nullptr) {
  reports::LogReader reader{choice};
  if (!reader.unrecognised().empty()) {
    refuse(ProblemKind::no_data, choice.file + ": the log is of no format that is read: " + reader.unrecognised());
  }
  AuditedLog log{.file = choice.file};
  reports::LogRow row;
  while (reader.next(row)) log.rows.push_back({std::move(row), reader.number()});
  log.unit = reader.unit();
  log.is_appended = reader.format().name == "windtunnel";
  log.is_exact = log.is_appended;
  log.vendor = reader.format().provider;
  log.is_of_calls = reader.format().is_of_calls;
  log.has_kinds_apart = std::ranges::any_of(reader.format().rules, [](const reports::LogRule& rule) {
    return rule.field == reports::LogField::input && rule.adds;
  });
  log.has_cached = log.is_exact || std::ranges::any_of(log.rows, [](const AuditedRow& audited) {
                     return audited.row.cached || audited.row.cache_written;
                   });
  log.bad.assign(reader.bad_lines().begin(), reader.bad_lines().end());
  log.bad_count = reader.bad_count();
  log.empty_buckets.assign(reader.empty_buckets().begin(), reader.empty_buckets().end());
  if (title != nullptr) *title = reader.format().title;
  return log;
}

AuditedLog read_ledger(const AuditRequest& request) {
  const reports::LogChoice choice{
      .file = request.ledger, .format = request.ledger_format, .columns = request.ledger_columns};
  const bool is_served = is_serve_ledger(choice);
  AuditedLog ledger = read_log(is_served ? serve_choice(request.ledger) : choice);
  ledger.is_served = is_served;
  return ledger;
}

void append(std::vector<AuditClaim>& claims, std::vector<AuditClaim> more) {
  claims.insert(claims.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

AuditDone audit_log(const AuditRequest& request) {
  AuditDone done{.file = request.log.file};
  const AuditedLog log = read_log(request.log, &done.title);
  done.unit = log.unit;
  done.records = log.rows.size();
  AuditRules rules;
  std::optional<AuditConfig> config;
  if (!request.config.empty()) {
    config = read_audit_config(request.config, request.config_format);
    if (config->budgets) {
      rules.budgets = &*config->budgets;
    } else {
      rules.config = &config->scenario;
    }
    rules.unsaid = config->unsaid;
    done.config = request.config;
    done.config_rules = config->rules;
  }
  std::optional<scenarios::PriceList> prices;
  if (!request.log.prices.empty()) prices = scenarios::PriceList::read(request.log.prices);
  if (prices) rules.prices = &*prices;
  append(done.claims, check_records(log, rules));
  append(done.claims, check_attempts(log, rules));
  done.claims.push_back(check_open_breaker(log, rules));
  append(done.claims, check_accounts(log, rules));
  append(done.claims, check_windows(log, rules));
  done.claims.push_back(check_callers(log, rules));
  if (!request.ledger.empty()) {
    LedgerComparison compared = check_ledger(log, read_ledger(request));
    append(done.claims, std::move(compared.claims));
    done.ledger = request.ledger;
    done.is_by_day = compared.is_by_day;
    done.sums = std::move(compared.sums);
    done.notes = std::move(compared.notes);
  }
  return done;
}

void write_file(const std::string& path, const std::string& text) {
  reports::OutputFile file{path};
  file.append(text);
  file.finish();
}

void write_files(const AuditDone& done, const AuditRequest& request) {
  if (!request.junit.empty()) write_file(request.junit, audit_junit(done));
  if (!request.html.empty()) write_file(request.html, audit_page(done, *reports::html_bundle()));
}

}  // namespace

bool AuditDone::is_broken() const {
  return std::ranges::any_of(claims, [](const AuditClaim& claim) { return claim.broken > 0; });
}

LedgerSum AuditDone::total() const {
  LedgerSum total{.what = "in all"};
  for (const LedgerSum& sum : sums) {
    total.records += sum.records;
    total.logged_picos += sum.logged_picos;
    total.billed_picos += sum.billed_picos;
  }
  return total;
}

const char* AuditDone::verdict() const { return is_broken() ? "fail" : shows_anything() ? "pass" : "inconclusive"; }

bool AuditDone::shows_anything() const {
  return records > 0 && std::ranges::any_of(claims, [](const AuditClaim& claim) {
           return claim.not_shown.empty() && claim.name != "records.readable";
         });
}

AuditDone audit(const AuditRequest& request) {
  AuditDone done;
  done.problem = problem_with_outputs({{"--junit", request.junit}, {"--html", request.html}},
                                      {request.log.file, request.config, request.ledger, request.log.prices});
  if (!request.junit.empty() && request.junit == request.html) {
    done.problem = Problem{ProblemKind::request, "--junit and --html name the same file"};
  }
  if (done.problem) return done;
  try {
    done = audit_log(request);
    done.text = request.as_json ? audit_json(done) : audit_text(done);
    write_files(done, request);
  } catch (const ProblemError& error) {
    done.problem = error.problem();
  } catch (const scenarios::ScenarioError& error) {
    done.problem = Problem{ProblemKind::scenario, error.what()};
  } catch (const scenarios::FileError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const reports::ReportError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const std::invalid_argument& error) {
    done.problem = Problem{ProblemKind::request, error.what()};
  }
  return done;
}

}  // namespace windtunnel::runs
