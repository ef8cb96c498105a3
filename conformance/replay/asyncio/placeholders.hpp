#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "session.hpp"
#include "tls_objects.hpp"

/// {"$port": 0}, {"$path": "s1"} and the like: what stands in a scenario for an object of the run.
namespace antiphon::asyncio_replay {

[[nodiscard]] bool is_placeholder(const Json& value, const std::string& name);

/// The arguments of create_server, create_unix_server, create_connection and connect_accepted_socket, made
/// real. Keys that none of them has are refused by name.
struct Arguments {
  asio_style::Hosts hosts;
  std::optional<std::string> host;
  std::optional<std::uint16_t> port;
  std::optional<std::string> path;
  std::optional<int> sock;
  std::optional<int> sock_proto;  ///< as it was given to socket()
  bool sock_is_tls = false;       ///< a TLS-wrapped socket object, which C++ does not have
  bool ssl_is_bool = false;       ///< `True` instead of a context
  std::string ssl;                ///< "server", "client", "default" (a client's), or empty: none
  bool backlog_is_text = false;
  std::optional<int> backlog;
  int family = 0;
  std::optional<int> flags;
  std::optional<std::pair<std::string, std::uint16_t>> local_addr;
  std::optional<bool> reuse_address;
  bool reuse_port = false;
  bool start_serving = true;
  std::optional<std::string> server_hostname;
  std::optional<double> handshake_timeout;
  std::optional<double> shutdown_timeout;
  std::optional<bool> server_side;
  std::optional<double> happy_eyeballs_delay;
  std::optional<int> interleave;
};
[[nodiscard]] Arguments arguments(const Session& session, const Json& json);

/// A Python time limit: seconds, with a fraction.
[[nodiscard]] std::chrono::nanoseconds seconds_of(double seconds);

/// The TLS keywords, which all the options have in common.
template <class Options>
void set_tls_options(Options& options, const Arguments& arguments) {
  if (!arguments.ssl.empty()) options.ssl = tls_context(arguments.ssl);
  if (arguments.handshake_timeout) options.ssl_handshake_timeout = seconds_of(*arguments.handshake_timeout);
  if (arguments.shutdown_timeout) options.ssl_shutdown_timeout = seconds_of(*arguments.shutdown_timeout);
}

/// Refuses what the compiler refuses, in the order of AS-009: a boolean ssl, a TLS-wrapped socket (after time
/// limits without ssl), a backlog that is no number.
void refuse_static_types(const Arguments& arguments);

/// {"$path": name} as a path in the run's own folder, {"$abstract": name} as a name of the run's own.
[[nodiscard]] std::string path_of(const Session& session, const Json& value);

/// A socket as {"$sock": kind} wants it; the caller owns the descriptor.
[[nodiscard]] int make_socket(const Session& session, const std::string& kind);

}  // namespace antiphon::asyncio_replay
