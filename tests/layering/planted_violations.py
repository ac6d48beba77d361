"""What layering_test.py --self-test plants: a small clean tree full of near misses, and one violation at a time in it.

Text that no file may hold is put together here from halves.
"""

H = "#pragma once\n"

CLEAN = {
    "README.md": "See some/wor" + "k/ and the route of the issue.\n",
    "base/units.h": "\n"
    "// throw, getenv() and std::unordered_map are only talked about.\n#pragma once\n#include <cmath>\n",
    "monitor/record.h": H + '#include "base/units.h"\n',
    "monitor/pipeline.h": H + '#include <fmt/format.h>\n#include <map>\n',
    "monitor/pipeline.cc": '#include "monitor/pipeline.h"\n/* rand() */\nconst char* kText = "throw // getenv(";\n'
    "const int kMany = 1'000'000; const char kQuote = '\"';\n"
    "double f(double x) { return std::sqrt(x) + std::floor(x) + own.log(x) + renew_exp(x) + catalog (x); }\n",
    "monitor/realtime/llm_monitor.cc": "auto now() { return std::chrono::steady_clock::now(); }\n",
    "sim/kernel/real_math.h": H + "double log(double x);\n",
    "sim/kernel/chance.h": H + '#include "base/check.h"\n#include "sim/kernel/real_math.h"\n',
    "sim/kernel/chance.cc": '#include "sim/kernel/chance.h"\n#include <Random123/philox.h>\n'
    '#include "sim/kernel/real_math.h"\nauto y = log(2.0);\n'
    'auto text = R"(std::rand() "throw)";\nbool expect_throws = rethrow_less;\nint brand(int); int z = brand(3);\n',
    "sim/models/breaker.h": H + '#include "monitor/breaker/breaker_config.h"\n#include "sim/models/window.h"\n',
    "sim/world/world.cc": '#include "monitor/pipeline.h"\n',
    "scenarios/reader.cc": '#include "sim/world/world.h"\n#include <nlohmann/json.hpp>\nvoid f() { throw Error{}; }\n',
    "reports/summary.cc": "#include <nlohmann/json.hpp>\n#include <simdjson.h>\n#include <unordered_map>\n",
    "cli/flags/run_flags.cc": '#include "reports/run/run_summary.h"\n#include "scenarios/reader.h"\n#include <CLI/CLI.hpp>\n'
    "using namespace x;\n",
    "sim/checks/judge.h": H + '#include "sim/world/world.h"\n',
    "tests/sim/world_test.cc": "// This file is long because it tests all.\n" + "int x = rand();\n" * 449,
    "tests/sim/driver_test.cc": "int x;\n" * 400,
    "runs/run/run_job.h": H + '#include "reports/run/summary.h"\n#include "scenarios/reader.h"\n',
    "cli/verbs/merge_verb.h": H + '#include "runs/run/run_job.h"\n',
    **{f"cli/verbs/verb{number}.cc": "int x;\n" * 399 for number in range(1, 7)},
    "base/check.cc": "void fail() { throw CheckFailed{}; }\n",
    **{f"base/room{number}.h": H for number in range(1, 15)},
    "scenarios/data/trace.csv": "1,2,3\n" * 1000,
}


def code(line):
    return "\n" + line + "\n"


# (rule, file, text): each is found by its rule and by no other.
PLANTED = [
    ("layer", "monitor/cache.h", H + '#include "sim/kernel/chance.h"\n'),
    ("layer", "monitor/cache.h", H + "#include <sim/kernel/chance.h>\n"),
    ("layer", "sim/world/load.cc", '#include "scenarios/reader.h"\n'),
    ("layer", "scenarios/writer.cc", '#include "reports/run/run_summary.h"\n'),
    ("layer", "reports/html.cc", ' #  include  "scenarios/reader.h"\n'),
    ("layer", "reports/html.cc", '#include "cli/main.h"\n'),
    ("layer", "reports/html.cc", '#include "runs/run/run_job.h"\n'),
    ("layer", "scenarios/writer.cc", '#include "runs/run/run_job.h"\n'),
    ("layer", "runs/run/run_job.cc", '#include "runs/run/run_job.h"\n#include "cli/verbs/merge_verb.h"\n'),
    ("models", "sim/models/window.cc", '#include "monitor/pipeline.h"\n'),
    ("models", "sim/models/window.cc", '#include "sim/kernel/chance.h"\n'),
    ("kernel", "sim/kernel/event_queue.cc", '#include "monitor/pipeline.h"\n'),
    ("kernel", "sim/kernel/event_queue.cc", '#include "sim/world/world.h"\n'),
    ("own_header", "monitor/record.cc", '#include "base/units.h"\n#include "monitor/record.h"\n'),
    ("include_form", "monitor/cache.cc", '#include "cache.h"\n'),
    ("include_form", "monitor/cache.cc", '#include "../sim/kernel/chance.h"\n'),
    ("include_form", "monitor/cache.cc", "#include CACHE_HEADER\n"),
    ("pragma_once", "monitor/cache.h", "#ifndef CACHE\n#define CACHE\n#endif\n"),
    ("monitor_libraries", "monitor/cache.cc", "#include <Random123/philox.h>\n"),
    ("monitor_libraries", "monitor/cache.cc", "#include <unistd.h>\n"),
    ("json", "scenarios/schema.h", H + "#include <nlohmann/json.hpp>\n"),
    ("json", "sim/world/world.cc", "#include <nlohmann/json_fwd.hpp>\n"),
    ("json", "cli/verbs/run_verb.cc", "#include <nlohmann/json.hpp>\n"),
    ("cli11", "cli/verbs/run_verb.cc", "#include <CLI/App.hpp>\n"),
    ("cli11", "cli/verbs/run_verb.h", H + "#include <CLI/App.hpp>\n"),
    ("cli11", "cli/flags/run_flags.cc", "int main() {}\n"),
    ("clock", "sim/world/world.cc", code("auto t = std::chrono::steady_clock::now();")),
    ("clock", "monitor/pipeline.cc", '#include "monitor/pipeline.h"\nauto t = std::chrono::system_clock::now();\n'),
    ("clock", "sim/world/world.cc", code("auto t = std::time(nullptr);")),
    ("environment", "sim/world/world.cc", code('auto home = std::getenv("HOME");')),
    ("environment", "sim/world/world.cc", code("auto id = std::this_thread::get_id();")),
    ("chance", "sim/world/world.cc", code("int x = rand();")),
    ("chance", "sim/world/world.cc", code("int x = std::rand();")),
    ("chance", "sim/world/world.cc", code("std::random_device device;")),
    ("chance", "sim/world/world.cc", code("std::exponential_distribution<double> law;")),
    ("chance", "sim/world/world.cc", "#include <random>\n"),
    ("transcendental", "sim/world/world.cc", code("auto x = std::log(y);")),
    ("transcendental", "sim/world/world.cc", code("auto x = std :: sin (y);")),
    ("transcendental", "sim/world/world.cc", code("using std::exp;")),
    ("transcendental", "sim/world/world.cc", code("auto x = ::pow(y, 2);")),
    ("transcendental", "sim/world/world.cc", code("auto x = 2 + powf(y, 2);")),
    ("transcendental", "sim/world/world.cc", code("auto x = __builtin_exp(y);")),
    ("transcendental", "sim/world/world.cc", "#include <cmath>\nauto x = log(y);\n"),
    ("transcendental", "sim/world/world.cc", '#include "sim/kernel/real_math.h"\nauto x = std::log(y);\n'),
    ("transcendental", "sim/world/world.cc", '#include "sim/kernel/real_math.h"\nauto x = sin(y);\n'),
    ("transcendental", "monitor/retry.cc", code("auto x = std::exp2(y);")),
    ("throw", "sim/world/world.cc", code("void f() { throw 1; }")),
    ("throw", "base/units.cc", '#include "base/units.h"\nvoid f() { throw 1; }\n'),
    ("throw", "monitor/retry.cc", "auto a = \"//\"; void f() { throw 1; }\n"),
    ("unordered", "sim/world/world.cc", code("std::unordered_map<int, int> map;")),
    ("unordered", "monitor/retry.cc", "#include <unordered_set>\n"),
    ("build_date", "sim/world/world.cc", code("const char* date = __DATE__;")),
    ("build_date", "monitor/retry.cc", code("const char* time = __TIME__;")),
    ("shared_ptr", "cli/verbs/run_verb.cc", code("std::shared_ptr<int> x;")),
    ("shared_ptr", "monitor/retry.cc", code("auto x = std::make_shared<int>();")),
    ("using_namespace", "reports/html.h", H + "using namespace std;\n"),
    ("small_cli", "cli/verbs/verb7.cc", "int x;\n" * 100),
    ("rooms", "base/room16.h", H),
    ("cycle", "sim/world/up.h", H + '#include "sim/checks/judge.h"\n'),
    ("stem", "reports/run/record.h", H),
    ("stem", "tests/sim/record.cc", "int x;\n"),
    ("product_test", "sim/world/load_test.cc", "int x;\n"),
    ("turns", "base/units.h", H + "// No" + "body reads it.\n"),
    ("turns", "base/units.h", H + "// It is made an" + "ew.\n"),
    ("length", "tests/sim/driver_test.cc", "int x;\n" * 401),
    ("length", "monitor/retry.cc", "int x;\n" * 451),
    ("length", "tests/sim/world_test.cc", "int x;\n" * 451),
    ("length", "script/long", "true\n" * 451),
    ("text", "README.md", "Lies in /wor" + "k/main.\n"),
    ("text", "monitor/retry.cc", "// Lies in /roo" + "t/main.\n"),
    ("text", "README.md", "As shared" + "/DESIGN says.\n"),
    ("text", "tests/x.json", '{"why": "Issue' + ' #12"}\n'),
]
