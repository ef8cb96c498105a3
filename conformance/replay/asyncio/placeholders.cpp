#include "placeholders.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <map>

#include "extra_info.hpp"
#include "static_types.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

std::string inside(const Json& value, const std::string& name) {
  return value.at(name);
}

int family_of(const Json& value) {
  static const std::map<std::string, int> families{
      {"AF_INET", AF_INET}, {"AF_INET6", AF_INET6}, {"AF_UNIX", AF_UNIX}, {"AF_UNSPEC", AF_UNSPEC}};
  const auto found = families.find(inside(value, "$family"));
  if (found == families.end()) throw HarnessError("unknown address family " + value.dump());
  return found->second;
}

void bind_to(int fd, const sockaddr* address, socklen_t size) {
  if (::bind(fd, address, size) < 0)
    throw HarnessError(std::string("can't bind a socket: ") + std::strerror(errno));
}

void bind_loopback(int fd) {
  sockaddr_in any_port{};
  any_port.sin_family = AF_INET;
  any_port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind_to(fd, reinterpret_cast<const sockaddr*>(&any_port),
          sizeof any_port);  // NOLINT: the socket API's own way
}

void bind_path(int fd, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw HarnessError("path too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  bind_to(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);  // NOLINT
}

struct SslSocket {};  // what Python's ssl.wrap_socket gives; nothing here takes one

using Setter = void (*)(const Session&, const Json&, Arguments&);

void set_host(const Session& /*session*/, const Json& value, Arguments& to) {
  if (value.is_array()) {
    std::vector<std::string> hosts;
    for (const Json& host : value) hosts.push_back(host.is_null() ? "" : host.get<std::string>());
    to.hosts = asio_style::Hosts(std::move(hosts));
  } else {
    to.hosts = asio_style::Hosts(value.get<std::string>());
    to.host = value.get<std::string>();
  }
}

void set_port(const Session& session, const Json& value, Arguments& to) {
  if (is_placeholder(value, "$port")) {
    const auto address = address_of(session, value.at("$port").get<std::size_t>());
    if (!address) throw HarnessError("no open server for " + value.dump());
    to.port = address->port;
  } else {
    to.port = value.get<std::uint16_t>();
  }
}

void set_sock(const Session& session, const Json& value, Arguments& to) {
  to.sock_is_tls = inside(value, "$sock") == "tls";
  if (to.sock_is_tls) return;
  to.sock = make_socket(session, inside(value, "$sock"));
  to.sock_proto = inside(value, "$sock") == "tcp6proto" ? IPPROTO_TCP : 0;
}

void set_ssl(const Session& /*session*/, const Json& value, Arguments& to) {
  to.ssl_is_bool = value.is_boolean() || inside(value, "$ssl") == "true";
  if (!to.ssl_is_bool) to.ssl = inside(value, "$ssl");
}

void set_local_address(const Session& /*session*/, const Json& value, Arguments& to) {
  to.local_addr.emplace(value.at(0).get<std::string>(), value.at(1).get<std::uint16_t>());
}

void set_backlog(const Session& /*session*/, const Json& value, Arguments& to) {
  to.backlog_is_text = value.is_string();
  if (!to.backlog_is_text) to.backlog = value.get<int>();
}

const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> table{
      {"host", set_host},
      {"port", set_port},
      {"sock", set_sock},
      {"ssl", set_ssl},
      {"backlog", set_backlog},
      {"kind", [](const Session&, const Json&, Arguments&) {}},  // says which function; see listen
      {"path",
       [](const Session& session, const Json& value, Arguments& to) { to.path = path_of(session, value); }},
      {"family", [](const Session&, const Json& value, Arguments& to) { to.family = family_of(value); }},
      {"flags", [](const Session&, const Json& value, Arguments& to) { to.flags = value.get<int>(); }},
      {"local_addr", set_local_address},
      {"reuse_address",
       [](const Session&, const Json& value, Arguments& to) { to.reuse_address = value.get<bool>(); }},
      {"reuse_port", [](const Session&, const Json& value, Arguments& to) { to.reuse_port = value; }},
      {"start_serving", [](const Session&, const Json& value, Arguments& to) { to.start_serving = value; }},
      {"server_hostname", [](const Session&, const Json& value,
                             Arguments& to) { to.server_hostname = value.get<std::string>(); }},
      {"ssl_handshake_timeout",
       [](const Session&, const Json& value, Arguments& to) { to.handshake_timeout = value.get<double>(); }},
      {"ssl_shutdown_timeout",
       [](const Session&, const Json& value, Arguments& to) { to.shutdown_timeout = value.get<double>(); }},
      {"server_side",
       [](const Session&, const Json& value, Arguments& to) { to.server_side = value.get<bool>(); }},
      {"happy_eyeballs_delay", [](const Session&, const Json& value,
                                  Arguments& to) { to.happy_eyeballs_delay = value.get<double>(); }},
      {"interleave",
       [](const Session&, const Json& value, Arguments& to) { to.interleave = value.get<int>(); }},
  };
  return table;
}

}  // namespace

bool is_placeholder(const Json& value, const std::string& name) {
  return value.is_object() && value.contains(name);
}

std::string path_of(const Session& session, const Json& value) {
  if (value.is_string()) return value;
  if (is_placeholder(value, "$path")) return (session.scratch / inside(value, "$path")).string();
  if (is_placeholder(value, "$abstract")) {
    return std::string(1, '\0') + "antiphon-" + session.scratch.filename().string() + "-" +
           inside(value, "$abstract");
  }
  throw HarnessError("no path: " + value.dump());
}

int make_socket(const Session& session, const std::string& kind) {
  const bool udp = kind == "udp";
  const int family = kind == "unix" ? AF_UNIX : AF_INET;
  const int protocol = kind == "tcp6proto" ? IPPROTO_TCP : 0;
  if (!udp && kind != "tcp" && kind != "tcp6proto" && kind != "unix") {
    throw HarnessError("unknown kind of socket '" + kind + "'");
  }
  const int fd = ::socket(family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, protocol);
  if (fd < 0) throw HarnessError(std::string("can't make a socket: ") + std::strerror(errno));
  if (kind == "unix") bind_path(fd, (session.scratch / "sock").string());
  if (kind == "tcp" || kind == "tcp6proto") bind_loopback(fd);
  return fd;
}

Arguments arguments(const Session& session, const Json& json) {
  Arguments result;
  for (const auto& [key, value] : json.items()) {
    const auto setter = setters().find(key);
    if (setter == setters().end()) throw HarnessError("unknown argument '" + key + "' in " + json.dump());
    if (!value.is_null()) setter->second(session, value, result);
  }
  return result;
}

std::chrono::nanoseconds seconds_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

void refuse_static_types(const Arguments& arguments) {
  if (arguments.ssl_is_bool) {
    static_assert(!static_types::tls_context<bool>);
    refuse_type("ssl argument must be an SSLContext or None");
  }
  if (arguments.sock_is_tls) {
    if (arguments.ssl.empty() && (arguments.handshake_timeout || arguments.shutdown_timeout)) {
      throw asio_style::ValueError(
          std::string(arguments.handshake_timeout ? "ssl_handshake_timeout" : "ssl_shutdown_timeout") +
          " is only meaningful with ssl");
    }
    static_assert(!static_types::listening_socket<SslSocket>);
    refuse_type("Socket cannot be of type SSLSocket");
  }
  if (arguments.backlog_is_text) {
    static_assert(!static_types::backlog<const char*>);
    refuse_type("'str' object cannot be interpreted as an integer");
  }
}

}  // namespace antiphon::asyncio_replay
