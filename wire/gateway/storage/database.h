#pragma once
// A SQLite file with a write-ahead log, and its statements. What was committed survives the end of the process, however
// it ends; after a loss of power the latest commits may be missing.

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace windtunnel::wire {

class DatabaseError final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Database {
 public:
  // Opens the file, or makes it. Throws DatabaseError.
  explicit Database(const std::string& path);

  void run(const char* sql);
  [[nodiscard]] std::int64_t changes() const;

  // A statement that is prepared once. Places are numbered from 1, columns from 0.
  class Statement {
   public:
    Statement(Database& database, const char* sql);
    Statement& bind(int place, std::int64_t value);
    Statement& bind(int place, std::string_view text);
    Statement& bind_null(int place);
    // True: there is a row.
    bool step();
    void reset();
    // For a statement without rows.
    void execute();
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;

   private:
    struct Finalizer {
      void operator()(sqlite3_stmt* statement) const;
    };
    Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  };

 private:
  friend class Statement;
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace windtunnel::wire
