#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "antiphon/tls/error.hpp"

struct ssl_ctx_st;

namespace antiphon::tls {

enum class Role : std::uint8_t { client, server };

/// Whether the peer must show a certificate that the loaded authorities vouch for.
enum class Verify : std::uint8_t {
  none,      ///< nothing is asked; a client then talks to anybody
  optional,  ///< checked if there is one (servers; a client treats it as required)
  required,
};

enum class Version : std::uint8_t { tls1_2, tls1_3 };

class Context;

/// What a server does about the name that a client asked for.
struct KeepContext {};  ///< go on with the context the engine was made with
struct RefuseName {};   ///< end the handshake with the alert unrecognized_name
using ServerNameAnswer = std::variant<KeepContext, RefuseName, Context>;
/// Asked once per handshake of a server; `name` is empty if the client named nobody.
/// An exception ends the handshake with the alert internal_error.
using ServerNameCallback = std::function<ServerNameAnswer(std::string_view name)>;

/// The settings that connections share.
///
/// A handle: copies mean the same settings. Change them before the first engine is made; later changes reach
/// later engines only, and must not run beside engines on other threads. Once set up it may be used from many
/// threads. Every function that fails throws ContextError and leaves the settings as they were.
///
/// From the start: TLS 1.2 and 1.3, forward secrecy, no compression, no renegotiation. A client requires a
/// certificate that fits the name; a server asks for none.
class Context {
 public:
  explicit Context(Role role);
  /// As Context(role); a client also trusts the system's authorities (Python's create_default_context).
  [[nodiscard]] static Context with_defaults(Role role);

  [[nodiscard]] Role role() const noexcept;

  /// PEM files: our certificate, then those that lead to the authority; the key, if it is not in the same
  /// file. `password` opens an encrypted key; nobody is ever asked for it.
  void load_certificate_chain(const std::string& certificate_file, const std::string& key_file = {},
                              std::string_view password = {});
  /// The same from memory.
  void use_certificate_chain(std::string_view certificate_pem, std::string_view key_pem,
                             std::string_view password = {});

  /// Authorities to trust: a PEM file, a directory as `openssl rehash` makes it, or both.
  void load_verify_locations(const std::string& file, const std::string& directory = {});
  /// Authorities to trust, as PEM text.
  void add_verify_certificates(std::string_view pem);
  /// The authorities of the system (and of SSL_CERT_FILE and SSL_CERT_DIR, if set).
  void set_default_verify_paths();

  /// none is refused while check_hostname is on.
  void set_verify(Verify verify);
  [[nodiscard]] Verify verify() const noexcept;
  /// Clients: the certificate must be for the engine's server name. Turning it on also turns none to
  /// required.
  void set_check_hostname(bool enabled);
  [[nodiscard]] bool check_hostname() const noexcept;

  /// In order of preference, e.g. {"h2", "http/1.1"}. A server takes the first of its own that the client
  /// offers; if there is none it goes on without. Each name has 1 to 255 octets.
  void set_alpn_protocols(const std::vector<std::string>& protocols);
  void set_versions(Version minimum, Version maximum = Version::tls1_3);
  /// OpenSSL's cipher list for TLS 1.2.
  void set_ciphers(const std::string& ciphers);
  /// How many tickets a server hands out per TLS 1.3 handshake, and whether it does under TLS 1.2 (0: no).
  /// OpenSSL's 2 from the start.
  void set_session_tickets(unsigned count);
  /// Servers. An empty function removes it. It must not hold this very context: that would be a circle.
  void set_server_name_callback(ServerNameCallback callback);

  /// For those who know OpenSSL: an SSL_CTX*, owned by this context.
  [[nodiscard]] ssl_ctx_st* native() const noexcept;

  /// The same settings, not merely equal ones.
  friend bool operator==(const Context&, const Context&) = default;

 private:
  friend class Engine;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace antiphon::tls
