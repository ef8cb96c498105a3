#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>

#include "extra_info.hpp"
#include "main_steps.hpp"
#include "placeholders.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

Json socket_info(const asio_style::TransportSocket& socket) {
  const auto address = socket.getsockname();
  Json v6only;
  if (address.family == AF_INET6) v6only = socket.getsockopt(IPPROTO_IPV6, IPV6_V6ONLY) != 0;
  return {{"family", family_name(address.family)},
          {"host", with_placeholders(address.host)},
          {"v6only", v6only},
          {"reuseaddr", socket.getsockopt(SOL_SOCKET, SO_REUSEADDR) != 0},
          {"reuseport", socket.getsockopt(SOL_SOCKET, SO_REUSEPORT) != 0},
          {"listening", socket.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) != 0}};
}

}  // namespace

Json server_info(const asio_style::Server& server) {
  const auto sockets = server.sockets();
  Json infos = Json::array();
  std::set<std::uint16_t> ports;
  bool has_ports = false;
  for (const auto& socket : sockets) {
    infos.push_back(socket_info(socket));
    const auto address = socket.getsockname();
    has_ports |= address.family != AF_UNIX;
    ports.insert(address.port);
  }
  // The order means nothing (AS-014); the traces have it by family and host.
  std::sort(infos.begin(), infos.end(), [](const Json& a, const Json& b) {
    return std::tie(a["family"].get_ref<const std::string&>(), a["host"].get_ref<const std::string&>()) <
           std::tie(b["family"].get_ref<const std::string&>(), b["host"].get_ref<const std::string&>());
  });
  return {{"count", sockets.size()},
          {"sockets", infos},
          {"distinct_ports", !has_ports || ports.size() == sockets.size()},
          {"serving", server.is_serving()}};
}

namespace {

/// create_unix_server does not ask for TLS-wrapped sockets, which are of the wrong family all the same.
void refuse_tls_socket_on_unix(const Session& session, Arguments& given) {
  if (!given.sock_is_tls || given.ssl_is_bool) return;
  given.sock_is_tls = false;
  refuse_static_types(given);
  given.sock = make_socket(session, "tcp");
  if (given.path) return;  // refused together
  throw asio_style::ValueError(
      "A UNIX Domain Stream Socket was expected, got <ssl.SSLSocket fd=N, family=2, type=1, proto=0, "
      "laddr=(..)>");
}

}  // namespace

asio_style::Task<std::shared_ptr<asio_style::Server>> open_server(Session& session, Json json) {
  Arguments given = arguments(session, json);
  const bool on_unix = json.value("kind", "") == "unix";
  if (on_unix) refuse_tls_socket_on_unix(session, given);
  refuse_static_types(given);
  const auto factory = session.factory(session.scenario.protocol);
  if (on_unix) {
    asio_style::CreateUnixServerOptions options;
    options.sock = given.sock;
    options.backlog = given.backlog.value_or(options.backlog);
    options.start_serving = given.start_serving;
    set_tls_options(options, given);
    co_return co_await session.loop.create_unix_server(factory, given.path, options);
  }
  asio_style::CreateServerOptions options;
  options.family = given.family;
  options.flags = given.flags.value_or(options.flags);
  options.sock = given.sock;
  options.sock_proto = given.sock_proto;
  options.backlog = given.backlog.value_or(options.backlog);
  options.reuse_address = given.reuse_address;
  options.reuse_port = given.reuse_port;
  options.start_serving = given.start_serving;
  set_tls_options(options, given);
  co_return co_await session.loop.create_server(factory, given.hosts, given.port, options);
}

}  // namespace antiphon::asyncio_replay
