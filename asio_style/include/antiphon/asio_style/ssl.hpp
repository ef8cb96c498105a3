#pragma once

#include <antiphon/tls/certificate.hpp>
#include <antiphon/tls/context.hpp>
#include <antiphon/tls/engine.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "antiphon/asio_style/errors.hpp"

/// Python's module ssl, as far as asyncio's users need it: what may be said about TLS before a connection is
/// there (SSLContext), and what is known of it afterwards (SSLObject).
namespace antiphon::asio_style {

/// TLS failed. what() is Python's text without the source file: "[SSL: WRONG_VERSION_NUMBER] wrong version
/// number".
class SSLError : public OSError {
 public:
  explicit SSLError(const std::string& message, std::string library = {}, std::string reason = {})
      : OSError(message), library_(std::move(library)), reason_(std::move(reason)) {}
  [[nodiscard]] const std::string& library() const noexcept { return library_; }  ///< "SSL"
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }    ///< "WRONG_VERSION_NUMBER"

 private:
  std::string library_;
  std::string reason_;
};

/// The peer's certificate is not to be trusted, or is for somebody else.
class SSLCertVerificationError : public SSLError {
 public:
  using SSLError::SSLError;
};

/// The connection ended without close_notify: what was received may not be all.
class SSLEOFError : public SSLError {
 public:
  using SSLError::SSLError;
};

enum class SSLMethod : std::uint8_t { PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER };
using enum SSLMethod;

enum class VerifyMode : std::uint8_t { CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED };
using enum VerifyMode;

enum class TLSVersion : std::uint8_t { TLSv1_2, TLSv1_3 };

/// What the peers of a context are for.
enum class Purpose : std::uint8_t {
  SERVER_AUTH,  ///< we are a client and want to know the server
  CLIENT_AUTH,  ///< we are a server
};

/// How TLS connections shall be. A handle as in Python: copies are the same context.
///
/// PROTOCOL_TLS_CLIENT: CERT_REQUIRED, check_hostname. PROTOCOL_TLS_SERVER: CERT_NONE. Both: TLS 1.2 and 1.3,
/// forward secrecy, no compression, no renegotiation. Set it up before it is used; later changes reach later
/// connections. Thread: setting up, one at a time; then any loop of any thread may use it.
class SSLContext {
 public:
  explicit SSLContext(SSLMethod method) : context_(role_of(method)) {}
  explicit SSLContext(tls::Context context) : context_(std::move(context)) {}

  [[nodiscard]] SSLMethod protocol() const noexcept;

  /// PEM files; without `keyfile` the key is in `certfile` too. OSError (FileNotFoundError, PermissionError)
  /// or SSLError, naming the file. A missing or wrong password is an SSLError; nobody is asked for it.
  void load_cert_chain(const std::string& certfile, const std::string& keyfile = {},
                       std::string_view password = {});
  /// Authorities to trust: a PEM file, a directory, PEM text; any of them may be empty, but not all
  /// (TypeError).
  void load_verify_locations(const std::string& cafile, const std::string& capath = {},
                             std::string_view cadata = {});
  /// The system's authorities.
  void load_default_certs();

  [[nodiscard]] VerifyMode verify_mode() const noexcept;
  /// ValueError for CERT_NONE while check_hostname is on.
  void verify_mode(VerifyMode mode);
  [[nodiscard]] bool check_hostname() const noexcept { return context_.check_hostname(); }
  /// Turning it on turns CERT_NONE to CERT_REQUIRED.
  void check_hostname(bool enabled);

  /// In order of preference. SSLError for a name that is empty or longer than 255 octets.
  void set_alpn_protocols(const std::vector<std::string>& protocols);
  void set_ciphers(const std::string& ciphers);  ///< for TLS 1.2; SSLError if nothing is left
  void minimum_version(TLSVersion version);      ///< TLS 1.2 from the start
  void maximum_version(TLSVersion version);      ///< TLS 1.3 from the start
  /// Python's OP_IGNORE_UNEXPECTED_EOF: octets that end without close_notify count as a proper end, so that a
  /// protocol can't tell (AS-230). On in Python from the start, off here: connection_lost gets an
  /// SSLEOFError.
  void ignore_unexpected_eof(bool enabled) noexcept { ignore_unexpected_eof_ = enabled; }
  [[nodiscard]] bool ignore_unexpected_eof() const noexcept { return ignore_unexpected_eof_; }
  void num_tickets(unsigned count);  ///< session tickets per handshake of a server; 2, 0: none

  /// What a server does about the name a client asks for: keep this context, use another, or refuse.
  using SNIAnswer = std::variant<tls::KeepContext, tls::RefuseName, SSLContext>;
  /// `server_name` is empty if the client named nobody. Must not throw: that ends the handshake.
  void sni_callback(std::function<SNIAnswer(std::string_view server_name)> callback);

  [[nodiscard]] const tls::Context& native() const noexcept { return context_; }
  friend bool operator==(const SSLContext&, const SSLContext&) = default;

 private:
  static tls::Role role_of(SSLMethod method) noexcept {
    return method == PROTOCOL_TLS_CLIENT ? tls::Role::client : tls::Role::server;
  }

  tls::Context context_;
  TLSVersion minimum_ = TLSVersion::TLSv1_2;
  TLSVersion maximum_ = TLSVersion::TLSv1_3;
  bool ignore_unexpected_eof_ = false;
};

/// ssl.create_default_context: for SERVER_AUTH a client's context that trusts `cafile`, `capath` and
/// `cadata`, or the system's authorities if all are empty; for CLIENT_AUTH a server's context.
[[nodiscard]] SSLContext create_default_context(Purpose purpose = Purpose::SERVER_AUTH,
                                                const std::string& cafile = {},
                                                const std::string& capath = {}, std::string_view cadata = {});

/// What a handshake agreed on: get_extra_info("ssl_object"). May be kept after the connection's end.
class SSLObject {
 public:
  using Cipher = std::tuple<std::string, std::string, int>;  ///< name, version that defined it, secret bits
  explicit SSLObject(std::shared_ptr<const tls::Engine> engine) : engine_(std::move(engine)) {}

  [[nodiscard]] std::string version() const { return std::string(engine_->version()); }  ///< "TLSv1.3"
  [[nodiscard]] std::optional<Cipher> cipher() const;
  [[nodiscard]] std::optional<std::string> selected_alpn_protocol() const;
  /// None if the peer showed no certificate; an empty one if it was not verified (CERT_NONE).
  [[nodiscard]] std::optional<tls::Certificate> getpeercert() const;
  /// What the client asked for.
  [[nodiscard]] std::optional<std::string> server_hostname() const;
  [[nodiscard]] bool server_side() const noexcept { return engine_->context().role() == tls::Role::server; }
  /// The context in use: the sni_callback may have changed it.
  [[nodiscard]] SSLContext context() const { return SSLContext(engine_->context()); }

 private:
  std::shared_ptr<const tls::Engine> engine_;
};

}  // namespace antiphon::asio_style
