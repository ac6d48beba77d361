#include "runs/audit/ledger_calls.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "monitor/record.h"
#include "wire/dialects/answer.h"

namespace windtunnel::runs {
namespace {

using reports::LogAttempt;
using reports::LogRow;

// As the ledger has it: that of `serve` numbers its calls.
std::string ledger_id_of(const std::string& id, const AuditedLog& ledger) {
  if (!ledger.is_served) return id;
  const auto call = wire::call_in_id(id);
  return call ? std::string{*call} : std::string{};
}

std::set<std::string> ids_of(const AuditedLog& ledger) {
  std::set<std::string> ids;
  for (const AuditedRow& bill : ledger.rows) {
    if (!bill.row.id.empty()) ids.insert(bill.row.id);
  }
  return ids;
}

// The tokens of a record are those of its answer.
AuditedRow row_of(const AuditedRow& request, const LogAttempt& call, bool is_last) {
  AuditedRow made{.row = {}, .record = request.record};
  const bool is_answer = call.outcome == name_of(monitor::ReplyKind::ok);
  if (is_answer && is_last) made.row = request.row;
  made.row.attempts.clear();
  made.row.begin = request.row.begin;
  made.row.id = call.answer_id;
  made.row.provider = call.provider;
  made.row.cost = call.cost;
  made.row.answered = is_answer;
  return made;
}

// Of the bills of one amount, each is of one call at most.
void name_by_amount(AuditedLog& calls, const AuditedLog& ledger) {
  std::set<std::string> named;
  for (const AuditedRow& call : calls.rows) named.insert(ledger_id_of(call.row.id, ledger));
  const bool has_providers =
      std::ranges::all_of(ledger.rows, [](const AuditedRow& bill) { return bill.row.names_provider; });
  const auto key_of = [&](const LogRow& row) { return std::pair{has_providers ? row.provider : "", *row.cost}; };
  std::map<std::pair<std::string, Usd>, std::vector<std::string>> bills;  // by provider and amount, the first one last
  for (auto bill = ledger.rows.rbegin(); bill != ledger.rows.rend(); ++bill) {
    const bool is_free = bill->row.cost.value_or(Usd{}) == Usd{} || named.contains(bill->row.id);
    if (!is_free && !bill->row.id.empty()) bills[key_of(bill->row)].push_back(bill->row.id);
  }
  for (AuditedRow& call : calls.rows) {
    if (!call.row.id.empty() || !call.row.cost) continue;
    const auto found = bills.find(key_of(call.row));
    if (found == bills.end() || found->second.empty()) continue;
    call.row.id = (ledger.is_served ? "chatcmpl-wt" : "") + found->second.back();
    found->second.pop_back();
  }
}

}  // namespace

std::optional<AuditedLog> calls_of(const AuditedLog& log, const AuditedLog& ledger) {
  const std::set<std::string> ids = ids_of(ledger);
  AuditedLog calls = log;
  calls.rows.clear();
  bool has_ids = false;
  for (const AuditedRow& request : log.rows) {
    if (ids.contains(ledger_id_of(request.row.id, ledger))) return std::nullopt;
    for (const LogAttempt& call : request.row.attempts) {
      has_ids = has_ids || !call.answer_id.empty();
      calls.rows.push_back(row_of(request, call, &call == &request.row.attempts.back()));
    }
  }
  if (!has_ids) return std::nullopt;
  name_by_amount(calls, ledger);
  return calls;
}

}  // namespace windtunnel::runs
