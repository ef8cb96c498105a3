#include "antiphon/tls/engine.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <new>
#include <stdexcept>
#include <utility>

#include "certificate.hpp"
#include "context_state.hpp"
#include "octet_bio.hpp"
#include "openssl_error.hpp"

namespace antiphon::tls {

namespace {

constexpr std::size_t record_plain_text = 16384;  // the most a record carries (RFC 8446, 5.1)
constexpr std::size_t record_overhead = 64;       // header, nonce, padding and tag of any cipher in use

bool is_ip_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> room{};
  return inet_pton(AF_INET, name.c_str(), room.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), room.data()) == 1;
}

void expect_name(SSL* ssl, const std::string& name, bool check) {
  const bool address = is_ip_address(name);
  // SSL_set_tlsext_host_name without the macro's C cast; OpenSSL copies the name.
  if (!address && SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                           const_cast<char*>(name.c_str())) != 1) {
    throw std::invalid_argument("server_name '" + name + "': " + take_openssl_error().text);
  }
  if (!check) return;
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
  const int done = address ? X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str())
                           : X509_VERIFY_PARAM_set1_host(param, name.c_str(), name.size());
  if (done != 1) throw std::bad_alloc();
}

/// Python's words for a certificate that is not to be trusted.
std::string distrust(long result, const std::string& name) {
  switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return "Hostname mismatch, certificate is not valid for '" + name + "'.";
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "IP address mismatch, certificate is not valid for '" + name + "'.";
    default:
      return X509_verify_cert_error_string(result);
  }
}

}  // namespace

struct Engine::Wire : Octets {};

Engine::Engine(const Context& context, std::string_view server_name)
    : given_(context), context_(context), wire_(std::make_unique<Wire>()), expected_name_(server_name) {
  const bool client = context.role() == Role::client;
  if (client && server_name.empty() && context.check_hostname()) {
    throw std::invalid_argument("check_hostname requires server_name");
  }
  if (server_name.starts_with('.')) {
    throw std::invalid_argument("server_name cannot start with a leading dot");
  }
  if (server_name.find('\0') != std::string_view::npos) {
    throw std::invalid_argument("server_name cannot contain a null octet");
  }
  ERR_clear_error();
  std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.native()), SSL_free);
  BIO* bio = ssl ? new_octet_bio(*wire_) : nullptr;
  if (bio == nullptr) throw std::bad_alloc();
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_app_data(ssl.get(), this);
  if (client) {
    SSL_set_connect_state(ssl.get());
    if (!server_name.empty()) expect_name(ssl.get(), expected_name_, context.check_hostname());
  } else {
    SSL_set_accept_state(ssl.get());
  }
  ssl_ = ssl.release();
}

Engine::~Engine() {
  SSL_free(ssl_);
}

// ---- octets

Engine::Loan Engine::lend(std::span<const std::byte> octets) {
  wire_->lent = octets;
  return Loan(*this);
}

void Engine::end_loan() {
  // After the end nobody will read them.
  if (error_ || peer_closed_) {
    wire_->lent = {};
  } else {
    wire_->keep_lent();
  }
}

void Engine::receive(std::span<const std::byte> octets) {
  const auto loan = lend(octets);
}

void Engine::receive_eof() {
  wire_->ended = true;
}

std::size_t Engine::unread_octets() const noexcept {
  return wire_->unread() + static_cast<std::size_t>(SSL_pending(ssl_));
}

std::span<const std::byte> Engine::output() const noexcept {
  return wire_->output;
}

std::vector<std::byte> Engine::take_output() {
  return std::exchange(wire_->output, {});
}

void Engine::lend_output(std::vector<std::byte> memory) {
  if (!wire_->output.empty()) return;
  memory.clear();
  wire_->output = std::move(memory);
}

// ---- the connection

void Engine::fail(int result, std::size_t output_before) {
  const int kind = SSL_get_error(ssl_, result);
  Error error = take_openssl_error();
  const long verified = SSL_get_verify_result(ssl_);
  if (kind == SSL_ERROR_SSL && error.reason == "CERTIFICATE_VERIFY_FAILED" && verified != X509_V_OK) {
    error.kind = ErrorKind::certificate;
    error.text += ": " + distrust(verified, expected_name_);
  }
  // OpenSSL has an alert for a truncation, too. Whoever ended its octets may still read, but not expect that.
  if (error.kind == ErrorKind::truncated) wire_->output.resize(output_before);
  if (!callback_failure_.empty()) error.text += ": " + callback_failure_;
  error_ = std::move(error);
}

HandshakeStatus Engine::handshake() {
  if (error_) return HandshakeStatus::failed;
  if (handshake_done_) return HandshakeStatus::done;
  ERR_clear_error();
  const std::size_t before = wire_->output.size();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    handshake_done_ = true;
    return HandshakeStatus::done;
  }
  if (SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ) return HandshakeStatus::need_more;
  fail(result, before);
  return HandshakeStatus::failed;
}

ReadResult Engine::read(std::span<std::byte> room) {
  if (error_) return {ReadStatus::failed};
  if (peer_closed_) return {ReadStatus::closed};
  if (!handshake_done_ || room.empty()) return {ReadStatus::need_more};
  ERR_clear_error();
  const std::size_t before = wire_->output.size();
  std::size_t size = 0;
  const int result = SSL_read_ex(ssl_, room.data(), room.size(), &size);
  if (result == 1) return {ReadStatus::data, size};
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {ReadStatus::need_more};
    case SSL_ERROR_ZERO_RETURN:
      peer_closed_ = true;
      wire_->kept = {};
      wire_->kept_read = 0;
      return {ReadStatus::closed};
    default:
      fail(result, before);
      return {ReadStatus::failed};
  }
}

bool Engine::write(std::span<const std::byte> plain) {
  if (error_ || !handshake_done_ || close_sent_) return false;
  if (plain.empty()) return true;
  ERR_clear_error();
  const std::size_t records = (plain.size() + record_plain_text - 1) / record_plain_text;
  wire_->output.reserve(wire_->output.size() + plain.size() + records * record_overhead);
  std::size_t written = 0;
  const int result = SSL_write_ex(ssl_, plain.data(), plain.size(), &written);
  if (result == 1)
    return true;  // all of it: the BIO takes everything, and partial writes are not switched on
  fail(result, wire_->output.size());
  return false;
}

void Engine::close() {
  if (error_ || !handshake_done_ || close_sent_) return;
  ERR_clear_error();
  close_sent_ = true;
  // Never called a second time: that would read, and take data before the peer's close_notify for an error.
  const int result = SSL_shutdown(ssl_);
  if (result < 0) fail(result, wire_->output.size());
}

// ---- what was agreed on

std::string_view Engine::version() const {
  return handshake_done_ ? SSL_get_version(ssl_) : std::string_view();
}

std::optional<Cipher> Engine::cipher() const {
  const SSL_CIPHER* cipher = handshake_done_ ? SSL_get_current_cipher(ssl_) : nullptr;
  if (cipher == nullptr) return std::nullopt;
  return Cipher{SSL_CIPHER_get_name(cipher), SSL_CIPHER_get_version(cipher),
                SSL_CIPHER_get_bits(cipher, nullptr)};
}

std::string_view Engine::alpn_protocol() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_, &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

std::string_view Engine::server_name() const {
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? std::string_view() : name;
}

std::optional<Certificate> Engine::peer_certificate() const {
  const X509* certificate = handshake_done_ ? SSL_get0_peer_certificate(ssl_) : nullptr;
  if (certificate == nullptr) return std::nullopt;
  return describe_certificate(*certificate);
}

// ---- the server's choice of a context, asked by OpenSSL in mid-handshake

int Context::State::choose_context(SSL* ssl, int* alert, void* state) {
  auto& engine = *static_cast<Engine*>(SSL_get_app_data(ssl));
  try {
    auto answer = static_cast<State*>(state)->server_name_callback(engine.server_name());
    if (std::holds_alternative<RefuseName>(answer)) {
      *alert = SSL_AD_UNRECOGNIZED_NAME;
      return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    if (auto* chosen = std::get_if<Context>(&answer)) {
      SSL_set_SSL_CTX(ssl, chosen->native());
      // SSL_set_SSL_CTX changes the certificate and the authorities only.
      SSL_set_verify(ssl, verify_flags(chosen->verify()), nullptr);
      engine.context_ = *chosen;
    }
    return SSL_TLSEXT_ERR_OK;
  } catch (const std::exception& error) {
    engine.callback_failure_ = error.what();
  } catch (...) {
    engine.callback_failure_ = "an exception of unknown type";
  }
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace antiphon::tls
