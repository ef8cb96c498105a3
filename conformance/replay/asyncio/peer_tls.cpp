#include "peer_tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "tls_objects.hpp"

namespace antiphon::asyncio_replay {

namespace {

template <auto Free>
struct FreedBy {
  template <class Object>
  void operator()(Object* object) const {
    Free(object);
  }
};
template <class Object, auto Free>
using Owned = std::unique_ptr<Object, FreedBy<Free>>;

std::string contents(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// "[SSL: WRONG_VERSION_NUMBER] wrong version number", as Python's ssl module puts it.
std::string error_text(unsigned long code, long verify_result, const std::string& name) {
  const char* known = ERR_reason_error_string(code);
  const std::string reason = known == nullptr ? "unknown error" : known;
  std::string symbol;
  for (const char c : reason) {
    symbol += c == ' ' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  std::string detail;
  if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    detail = verify_result == X509_V_ERR_HOSTNAME_MISMATCH
                 ? ": Hostname mismatch, certificate is not valid for '" + name + "'."
                 : std::string(": ") + X509_verify_cert_error_string(verify_result);
  }
  return "[SSL: " + symbol + "] " + reason + detail;
}

}  // namespace

struct PeerTls::Engine {
  Owned<SSL_CTX, SSL_CTX_free> context{SSL_CTX_new(TLS_client_method())};
  Owned<SSL, SSL_free> ssl{SSL_new(context.get())};
  BIO* in = BIO_new(BIO_s_mem());  // SSL_set_bio gives both to `ssl`
  BIO* out = BIO_new(BIO_s_mem());

  Engine() {
    SSL_set_bio(ssl.get(), in, out);
    SSL_set_connect_state(ssl.get());
  }

  void verify(const std::string& name) {
    const std::string& trusted = trusted_certificate();
    const Owned<BIO, BIO_free_all> pem(BIO_new_mem_buf(trusted.data(), static_cast<int>(trusted.size())));
    const Owned<X509, X509_free> certificate(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), certificate.get());
    SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, nullptr);
    SSL_set1_host(ssl.get(), name.c_str());
    // SSL_set_tlsext_host_name, a macro with a C cast in it.
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
  }
};

PeerTls::PeerTls(PeerSocket& socket) : engine_(std::make_unique<Engine>()), socket_(socket) {}
PeerTls::~PeerTls() = default;

void PeerTls::flush() {
  const std::string data = contents(engine_->out);
  BIO_reset(engine_->out);
  if (!data.empty()) socket_.send(data);
}

Received PeerTls::feed(Timekeeper::Ticket deadline) {
  std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the call
  const Received received = socket_.receive(buffer, deadline);
  if (received.bytes > 0) BIO_write(engine_->in, buffer.data(), static_cast<int>(received.bytes));
  return received;
}

void PeerTls::fail(const std::optional<std::string>& verify_name) {
  const unsigned long code = ERR_peek_last_error();
  if (code == 0) throw asio_style::SSLEOFError("EOF occurred in violation of protocol (_ssl.c:N)");
  const std::string text =
      error_text(code, SSL_get_verify_result(engine_->ssl.get()), verify_name.value_or(""));
  const bool verification = ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  ERR_clear_error();
  flush();  // the alert
  socket_.close();
  if (verification) throw asio_style::SSLCertVerificationError(text);
  throw asio_style::SSLError(text);
}

void PeerTls::handshake(const std::optional<std::string>& verify_name, std::size_t early) {
  if (verify_name) engine_->verify(*verify_name);
  for (;;) {
    const int result = SSL_do_handshake(engine_->ssl.get());
    if (result == 1) break;
    if (SSL_get_error(engine_->ssl.get(), result) != SSL_ERROR_WANT_READ) fail(verify_name);
    flush();
    if (const Received received = feed(0); received.end != nullptr) {
      socket_.close();
      if (std::string_view(received.end) == "reset") asio_style::throw_os_error(ECONNRESET);
      throw asio_style::SSLEOFError("EOF occurred in violation of protocol (_ssl.c:N)");
    }
  }
  if (early > 0) {
    const std::string data(early, 'x');
    SSL_write(engine_->ssl.get(), data.data(), static_cast<int>(data.size()));
  }
  flush();
}

void PeerTls::hello_only() {
  SSL_do_handshake(engine_->ssl.get());
  ERR_clear_error();
  flush();
}

void PeerTls::send(std::span<const char> data) {
  while (!data.empty()) {
    const std::size_t piece = std::min<std::size_t>(data.size(), 65536);
    if (SSL_write(engine_->ssl.get(), data.data(), static_cast<int>(piece)) <= 0) fail(std::nullopt);
    flush();
    data = data.subspan(piece);
  }
}

Received PeerTls::receive(std::span<char> into, Timekeeper::Ticket deadline) {
  for (;;) {
    const int got = SSL_read(engine_->ssl.get(), into.data(), static_cast<int>(into.size()));
    if (got > 0) return {static_cast<std::size_t>(got), nullptr};
    switch (SSL_get_error(engine_->ssl.get(), got)) {
      case SSL_ERROR_ZERO_RETURN:
        return {0, "close_notify"};
      case SSL_ERROR_WANT_READ:
        break;
      default:
        fail(std::nullopt);
    }
    flush();
    if (const Received received = feed(deadline); received.end != nullptr) return received;
  }
}

/// As Python's unwrap: asks for the peer's close_notify at once, too, and finds what is unread in its place.
void PeerTls::close_notify() {
  ERR_clear_error();
  int result = SSL_shutdown(engine_->ssl.get());
  if (result == 0) result = SSL_shutdown(engine_->ssl.get());
  if (result < 0 && SSL_get_error(engine_->ssl.get(), result) == SSL_ERROR_SSL) {
    const std::string text = error_text(ERR_peek_last_error(), X509_V_OK, "");
    ERR_clear_error();
    throw asio_style::SSLError(text);
  }
  flush();
}

}  // namespace antiphon::asyncio_replay
