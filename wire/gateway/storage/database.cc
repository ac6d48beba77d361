#include "wire/gateway/storage/database.h"

#include <sqlite3.h>

namespace windtunnel::wire {
namespace {

constexpr int kBusyMilliseconds = 2000;

}  // namespace

void Database::Closer::operator()(sqlite3* database) const { sqlite3_close(database); }
void Database::Statement::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::Database(const std::string& path) : path_(path) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) fail("cannot open the storage");
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
  run("PRAGMA journal_mode = WAL");
  run("PRAGMA synchronous = NORMAL");
  run("PRAGMA foreign_keys = OFF");
}

void Database::fail(const char* what) const {
  throw DatabaseError(path_ + ": " + what + ": " +
                      (database_ ? sqlite3_errmsg(database_.get()) : "there is no memory for it"));
}

void Database::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot write the storage");
}

std::int64_t Database::changes() const { return sqlite3_changes64(database_.get()); }

Database::Statement::Statement(Database& database, const char* sql) : database_(&database) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v3(database.database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr) !=
      SQLITE_OK) {
    database.fail("cannot use the storage");
  }
  statement_.reset(prepared);
}

Database::Statement& Database::Statement::bind(int place, std::int64_t value) {
  if (sqlite3_bind_int64(statement_.get(), place, value) != SQLITE_OK) database_->fail("cannot use the storage");
  return *this;
}

Database::Statement& Database::Statement::bind(int place, std::string_view text) {
  if (sqlite3_bind_text64(statement_.get(), place, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) !=
      SQLITE_OK) {
    database_->fail("cannot use the storage");
  }
  return *this;
}

Database::Statement& Database::Statement::bind_null(int place) {
  if (sqlite3_bind_null(statement_.get(), place) != SQLITE_OK) database_->fail("cannot use the storage");
  return *this;
}

bool Database::Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_->fail("cannot write the storage");
  return false;
}

void Database::Statement::reset() { sqlite3_reset(statement_.get()); }

void Database::Statement::execute() {
  (void)step();
  reset();
}

std::int64_t Database::Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Database::Statement::text(int column) const {
  const auto* const bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

}  // namespace windtunnel::wire
