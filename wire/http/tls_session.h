#pragma once
// TLS of a client over bytes, without a socket: what the peer sends goes in, what is to be sent comes out. OpenSSL.
//
// The peer's certificate is verified against the trusted ones and against its name, always. There is no switch for
// less, because a gateway that can be made to send keys to anyone will be.

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace windtunnel::wire {

class TlsError final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The certificates that are trusted, for all sessions.
class TlsTrust {
 public:
  // Empty: those of the system. Throws TlsError if the file cannot be used.
  explicit TlsTrust(const std::string& ca_file);

 private:
  friend class TlsSession;
  struct Deleter {
    void operator()(ssl_ctx_st* context) const;
  };
  std::unique_ptr<ssl_ctx_st, Deleter> context_;
};

class TlsSession {
 public:
  // With the server of this name, or IPv4 address.
  TlsSession(const TlsTrust& trust, const std::string& host);

  // Bytes for the server; they wait until it has shown who it is.
  void write(std::string_view plain);
  // Bytes of the server; appends what they hold.
  void put(std::string_view encrypted, std::string& plain);
  // What is to be sent to the server now.
  [[nodiscard]] std::string take();
  // Why there is no session, or it is over: the certificate is another's, or the peer speaks no TLS.
  [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }
  // The server has said that nothing more comes.
  [[nodiscard]] bool is_closed() const { return is_closed_; }

 private:
  struct Deleter {
    void operator()(ssl_st* session) const;
  };
  void go_on(std::string& plain);
  void fail();

  std::unique_ptr<ssl_st, Deleter> session_;
  std::string waiting_;  // plain, until the handshake is over
  bool is_ready_ = false;
  bool is_closed_ = false;
  std::optional<std::string> problem_;
};

}  // namespace windtunnel::wire
