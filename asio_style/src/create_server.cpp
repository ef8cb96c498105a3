#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/event_loop.hpp"
#include "connecting.hpp"
#include "loop_core.hpp"
#include "resolve.hpp"
#include "server_impl.hpp"
#include "tls_settings.hpp"

namespace antiphon::asio_style {

namespace {

using detail::Resolved;
using detail::UniqueFd;

void set_option(int fd, int level, int name) {
  const int on = 1;
  if (::setsockopt(fd, level, name, &on, sizeof on) != 0) throw_os_error(errno);
}

/// Everything before the first socket (AS-009).
void check_arguments(const Hosts& host, const std::optional<std::uint16_t>& port,
                     const CreateServerOptions& options) {
  detail::check_timeouts_mean_something(options);
  if (options.sock) {
    if (host.given() || port) throw ValueError("host/port and sock can not be specified at the same time");
    if (TransportSocket(*options.sock).type() != SOCK_STREAM) {
      throw ValueError("A Stream Socket was expected, got " + detail::describe_socket(*options.sock));
    }
  } else if (!host.given() && !port) {
    throw ValueError("Neither host/port nor sock were specified");
  }
}

/// A bound socket; none if the kernel does not know the family at all (AS-028).
UniqueFd bound(EventLoop& loop, const Resolved& where, const CreateServerOptions& options) {
  UniqueFd fd(::socket(where.family, where.type | SOCK_NONBLOCK | SOCK_CLOEXEC, where.proto));
  if (!fd) {
    if (loop.get_debug()) {
      loop.log(LogLevel::warning,
               "create_server() failed to create socket for " + to_address(where.name).to_string());
    }
    return fd;
  }
  if (options.reuse_address.value_or(true)) set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (options.reuse_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  // Else the IPv6 wildcard would take the port of the IPv4 one, which is bound next (AS-027).
  if (where.family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(fd.get(), where.name.get(), where.name.length) != 0) {
    detail::throw_address_error(errno, "bind on", where.name);
  }
  return fd;
}

/// All addresses of all hosts, each once (AS-012, AS-013).
Task<std::vector<Resolved>> resolve_all(EventLoop& loop, std::vector<std::string> hosts, std::uint16_t port,
                                        int family, int flags) {
  std::vector<Resolved> found;
  const auto add = [&found](const Resolved& one) {
    const auto same = [&one](const Resolved& other) { return one.same_as(other); };
    if (std::none_of(found.begin(), found.end(), same)) found.push_back(one);
  };
  std::vector<Future<std::vector<Resolved>>> pending;
  for (const auto& host : hosts) {
    if (const auto known = host.empty() ? std::nullopt : detail::numeric(host, port, family)) {
      add(*known);
    } else {
      pending.push_back(loop.run_in_executor([=] { return detail::getaddrinfo(host, port, family, flags); }));
    }
  }
  std::exception_ptr failed;  // of the first that fails; the others are heard all the same
  for (const auto& answer : pending) {
    try {
      for (const auto& one : co_await answer) add(one);
    } catch (const OSError&) {
      if (!failed) failed = std::current_exception();
    }
  }
  if (failed) std::rethrow_exception(failed);
  co_return found;
}

Task<std::shared_ptr<Server>> create(EventLoop& loop, ProtocolFactory factory, Hosts host,
                                     std::optional<std::uint16_t> port, CreateServerOptions options) {
  check_arguments(host, port, options);
  auto tls = detail::tls_settings(options, true);
  std::vector<UniqueFd> sockets;
  if (options.sock) {
    sockets.emplace_back(*options.sock);
    detail::set_non_blocking(*options.sock);
  } else {
    std::vector<std::string> hosts = host.names();
    if (!host.given()) hosts.emplace_back();
    const auto addresses =
        co_await resolve_all(loop, std::move(hosts), port.value_or(0), options.family, options.flags);
    for (const auto& address : addresses) {
      if (UniqueFd fd = bound(loop, address, options)) sockets.push_back(std::move(fd));
    }
  }
  const bool nodelay = !options.sock || options.sock_proto.value_or(IPPROTO_TCP) == IPPROTO_TCP;
  auto opening = detail::open_server(loop, std::move(factory), std::move(sockets), options.backlog,
                                     std::move(tls), options.start_serving, nodelay);
  co_return co_await opening;
}

}  // namespace

Task<std::shared_ptr<Server>> EventLoop::create_server(ProtocolFactory protocol_factory, Hosts host,
                                                       std::optional<std::uint16_t> port,
                                                       CreateServerOptions options) {
  return create(*this, std::move(protocol_factory), std::move(host), port, std::move(options));
}

}  // namespace antiphon::asio_style
