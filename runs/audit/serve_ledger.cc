#include "runs/audit/serve_ledger.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "reports/files/byte_source.h"
#include "reports/logs/json_records.h"
#include "reports/logs/log_fields.h"

namespace windtunnel::runs {

bool is_serve_ledger(const reports::LogChoice& choice) {
  if (choice.format == kServeFormat) return true;
  if (choice.format != "auto" || !choice.columns.empty()) return false;
  if (!std::filesystem::is_regular_file(choice.file)) return false;
  constexpr std::size_t kPeeked = std::size_t{64} * 1024;
  reports::ByteSource bytes{choice.file};
  reports::JsonRecords records{std::string{bytes.peek(kPeeked)}};
  const auto first = records.next();
  if (!first) return false;
  const std::vector<std::string> names = reports::names_in(*first);
  return std::ranges::all_of(std::vector<std::string>{"call", "t", "billed_usd", "usage_sent"},
                             [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); });
}

reports::LogChoice serve_choice(const std::string& file) {
  return {.file = file,
          .columns =
              "id=call,time=t,end=end,provider=provider,status=status,input=input,output=output,"
              "cached=cached_input,cache_written=cache_write,reasoning=reasoning,cost_usd=billed_usd",
          .may_lack_columns = true};
}

}  // namespace windtunnel::runs
