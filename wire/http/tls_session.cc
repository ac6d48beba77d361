#include "wire/http/tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include "base/check.h"

namespace windtunnel::wire {
namespace {

std::string openssl_error() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the connection was closed";
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

bool is_address(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

}  // namespace

void TlsTrust::Deleter::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void TlsSession::Deleter::operator()(ssl_st* session) const { SSL_free(session); }

TlsTrust::TlsTrust(const std::string& ca_file) : context_(SSL_CTX_new(TLS_client_method())) {
  if (!context_) throw TlsError("TLS: " + openssl_error());
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
  const int good = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context_.get())
                                   : SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr);
  if (good != 1) throw TlsError("server.ca_file: " + ca_file + ": no certificates can be read: " + openssl_error());
}

TlsSession::TlsSession(const TlsTrust& trust, const std::string& host) : session_(SSL_new(trust.context_.get())) {
  check(session_ != nullptr, "a TLS session can be made");
  // The session owns both.
  SSL_set_bio(session_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(session_.get());
  if (is_address(host)) {
    (void)X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_.get()), host.c_str());
  } else {
    SSL_set_hostflags(session_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    (void)SSL_set1_host(session_.get(), host.c_str());
    (void)SSL_set_tlsext_host_name(session_.get(), host.c_str());
  }
  std::string none;
  go_on(none);
}

void TlsSession::fail() {
  const long verified = SSL_get_verify_result(session_.get());
  problem_ = verified == X509_V_OK
                 ? "TLS: " + openssl_error()
                 : std::string("the certificate is refused: ") + X509_verify_cert_error_string(verified);
}

void TlsSession::go_on(std::string& plain) {
  if (problem_) return;
  if (!is_ready_) {
    const int result = SSL_do_handshake(session_.get());
    if (result != 1) {
      if (SSL_get_error(session_.get(), result) != SSL_ERROR_WANT_READ) fail();
      return;
    }
    is_ready_ = true;
  }
  while (!waiting_.empty()) {
    std::size_t written = 0;
    if (SSL_write_ex(session_.get(), waiting_.data(), waiting_.size(), &written) != 1) break;
    waiting_.erase(0, written);
  }
  std::array<char, 16384> buffer{};
  for (;;) {
    std::size_t count = 0;
    const int result = SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &count);
    if (result == 1) {
      plain.append(buffer.data(), count);
      continue;
    }
    const int error = SSL_get_error(session_.get(), result);
    if (error == SSL_ERROR_ZERO_RETURN) {
      is_closed_ = true;
    } else if (error != SSL_ERROR_WANT_READ) {
      fail();
    }
    return;
  }
}

void TlsSession::write(std::string_view plain) {
  waiting_ += plain;
  if (!is_ready_) return;
  std::string none;
  go_on(none);
}

void TlsSession::put(std::string_view encrypted, std::string& plain) {
  while (!encrypted.empty() && !problem_) {
    std::size_t taken = 0;
    if (BIO_write_ex(SSL_get_rbio(session_.get()), encrypted.data(), encrypted.size(), &taken) != 1) {
      problem_ = "TLS: there is no memory for it";
      return;
    }
    encrypted.remove_prefix(taken);
    go_on(plain);
  }
}

std::string TlsSession::take() {
  BIO* const out = SSL_get_wbio(session_.get());
  std::string bytes(BIO_ctrl_pending(out), '\0');
  if (bytes.empty()) return bytes;
  std::size_t count = 0;
  if (BIO_read_ex(out, bytes.data(), bytes.size(), &count) != 1) count = 0;
  bytes.resize(count);
  return bytes;
}

}  // namespace windtunnel::wire
