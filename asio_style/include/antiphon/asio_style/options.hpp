#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "antiphon/asio_style/ssl.hpp"

/// The keyword arguments of the loop's operations, each with asyncio's default.
namespace antiphon::asio_style {

class BaseProtocol;
class Transport;

/// None, one or several host names. None and "" mean every interface (AS-010, AS-011).
class Hosts {
 public:
  Hosts() = default;
  Hosts(std::nullopt_t) {}                                             // NOLINT(google-explicit-constructor)
  Hosts(const char* host) : Hosts(std::string(host)) {}                // NOLINT(google-explicit-constructor)
  Hosts(std::string_view host) : Hosts(std::string(host)) {}           // NOLINT(google-explicit-constructor)
  Hosts(std::string host) : names_(std::vector{std::move(host)}) {}    // NOLINT(google-explicit-constructor)
  Hosts(std::vector<std::string> hosts) : names_(std::move(hosts)) {}  // NOLINT(google-explicit-constructor)
  Hosts(std::initializer_list<std::string> hosts) : names_(std::vector(hosts)) {}

  /// False: no host was given at all, which matters to the argument checks (AS-006, AS-007).
  [[nodiscard]] bool given() const noexcept { return names_.has_value(); }
  [[nodiscard]] std::vector<std::string> names() const { return names_.value_or(std::vector<std::string>{}); }

 private:
  std::optional<std::vector<std::string>> names_;
};

/// AI_PASSIVE, spelled out so that <netdb.h> stays out of here.
inline constexpr int ai_passive = 1;

struct CreateServerOptions {
  int family = 0;          ///< AF_UNSPEC: IPv4 and IPv6 (AS-019)
  int flags = ai_passive;  ///< for getaddrinfo (AS-020)
  /// A bound stream socket instead of host and port; the server owns it from then on (AS-031).
  std::optional<int> sock{};
  /// What socket(2) was told to make `sock` with, which a Python socket remembers and a descriptor does not.
  /// Anything but IPPROTO_TCP, 0 too: no TCP_NODELAY on what is accepted there (AS-059). None: as TCP
  /// (AS-058).
  std::optional<int> sock_proto{};
  int backlog = 100;  ///< for listen, and the most accepts per event (AS-032, AS-033)
  std::optional<SSLContext>
      ssl{};  ///< none: no TLS. A context of PROTOCOL_TLS_SERVER, else SSLError (AS-002)
  std::optional<bool> reuse_address{};  ///< none: yes (AS-021)
  bool reuse_port = false;              ///< AS-023
  /// The handshake's time limit, 60 s if none; ValueError without ssl (AS-003, AS-225). Both limits have to
  /// be positive, which is found out when a connection is made: it is dropped, and debug mode says why
  /// (AS-226).
  std::optional<std::chrono::nanoseconds> ssl_handshake_timeout{};
  /// How long the peer may take to answer our close_notify, 30 s if none (AS-004, AS-235).
  std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout{};
  bool start_serving = true;  ///< false: bound but not listening (AS-034)
};

struct CreateUnixServerOptions {
  /// A bound AF_UNIX stream socket instead of a path; the server owns it from then on (AS-043).
  std::optional<int> sock{};
  int backlog = 100;  ///< AS-044
  std::optional<SSLContext>
      ssl{};  ///< none: no TLS. A context of PROTOCOL_TLS_SERVER, else SSLError (AS-002)
  /// The handshake's time limit, 60 s if none; ValueError without ssl (AS-003, AS-225). Both limits have to
  /// be positive, which is found out when a connection is made: it is dropped, and debug mode says why
  /// (AS-226).
  std::optional<std::chrono::nanoseconds> ssl_handshake_timeout{};
  /// How long the peer may take to answer our close_notify, 30 s if none (AS-004, AS-235).
  std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout{};
  bool start_serving = true;  ///< AS-044
};

struct CreateConnectionOptions {
  std::optional<SSLContext> ssl{};  ///< none: no TLS. A context of PROTOCOL_TLS_CLIENT, else SSLError
  /// The name that the certificate must be for; none: `host`. ValueError without ssl, or if neither is there.
  std::optional<std::string> server_hostname{};
  /// The handshake's time limit, 60 s if none; ValueError without ssl, or if not positive (AS-003, AS-226).
  std::optional<std::chrono::nanoseconds> ssl_handshake_timeout{};
  /// How long the peer may take to answer our close_notify, 30 s if none (AS-004, AS-235).
  std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout{};
  int family = 0;  ///< AF_UNSPEC: IPv4 and IPv6
  int proto = 0;   ///< for getaddrinfo
  int flags = 0;   ///< for getaddrinfo
  /// A connected stream socket instead of host and port; the transport owns it from then on.
  std::optional<int> sock{};
  /// (host, port) to bind before connecting; only its addresses of the peer's family are tried (AS-091).
  std::optional<std::pair<std::string, std::uint16_t>> local_addr{};
  /// Start the next address after so long without an answer, beside the one before (AS-092, RFC 8305).
  /// None: one after the other.
  std::optional<std::chrono::nanoseconds> happy_eyeballs_delay{};
  /// So many addresses of the first family, then the families in turn; 0: the resolver's order.
  /// None: 1 with happy_eyeballs_delay, else 0 (AS-092).
  std::optional<int> interleave{};
};

struct CreateUnixConnectionOptions {
  std::optional<SSLContext> ssl{};  ///< none: no TLS. A context of PROTOCOL_TLS_CLIENT, else SSLError
  /// The name that the certificate must be for. ValueError without ssl, or with ssl and no name.
  std::optional<std::string> server_hostname{};
  std::optional<int> sock{};  ///< a connected AF_UNIX stream socket instead of a path
  /// The handshake's time limit, 60 s if none; ValueError without ssl, or if not positive (AS-003, AS-226).
  std::optional<std::chrono::nanoseconds> ssl_handshake_timeout{};
  /// How long the peer may take to answer our close_notify, 30 s if none (AS-004, AS-235).
  std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout{};
};

struct ConnectAcceptedSocketOptions {
  std::optional<SSLContext>
      ssl{};  ///< none: no TLS. A context of PROTOCOL_TLS_SERVER, else SSLError (AS-002)
  /// The handshake's time limit, 60 s if none; ValueError without ssl, or if not positive (AS-003, AS-226).
  std::optional<std::chrono::nanoseconds> ssl_handshake_timeout{};
  /// How long the peer may take to answer our close_notify, 30 s if none (AS-004, AS-235).
  std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout{};
};

struct StartTlsOptions {
  bool server_side = false;  ///< AS-255
  /// Clients: the name that the certificate must be for.
  std::optional<std::string> server_hostname{};
  /// The handshake's time limit, 60 s if none; ValueError without ssl, or if not positive (AS-003, AS-226).
  std::optional<std::chrono::nanoseconds> ssl_handshake_timeout{};
  /// How long the peer may take to answer our close_notify, 30 s if none (AS-004, AS-235).
  std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout{};
};

struct SendfileOptions {
  std::int64_t offset = 0;              ///< of the first octet in the file (AS-259)
  std::optional<std::int64_t> count{};  ///< octets; none: to the end of the file (AS-259)
  /// Where the kernel can't do it (TLS): read and write in blocks of 16 KiB. False: RuntimeError (AS-261).
  bool fallback = true;
};

/// What opening a connection gives: `auto [transport, protocol] = co_await loop.create_connection(...)`.
struct Connection {
  std::shared_ptr<Transport> transport;
  std::shared_ptr<BaseProtocol> protocol;
};

}  // namespace antiphon::asio_style
