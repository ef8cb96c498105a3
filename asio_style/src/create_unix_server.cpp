#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/event_loop.hpp"
#include "connecting.hpp"
#include "server_impl.hpp"
#include "tls_settings.hpp"

namespace antiphon::asio_style {

namespace {

using detail::UniqueFd;

/// A socket file left behind would make bind fail for ever (AS-038). What is no socket stays (AS-039).
void remove_stale_socket(EventLoop& loop, const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode) || ::unlink(path.c_str()) == 0) return;
  }
  if (errno == ENOENT) return;
  loop.log(LogLevel::error, "Unable to check or remove stale UNIX socket '" + path +
                                "': " + std::generic_category().message(errno));
}

UniqueFd bound(EventLoop& loop, const std::string& path) {
  auto name = detail::unix_name(path);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw_os_error(errno);
  if (!path.empty() && path.front() != '\0') remove_stale_socket(loop, path);
  if (::bind(fd.get(), name.get(), name.length) != 0) {
    if (errno == EADDRINUSE) throw_os_error(EADDRINUSE, "Address '" + path + "' is already in use");
    throw_os_error(errno, std::generic_category().message(errno) + ": '" + path + "'");
  }
  return fd;
}

void check_unix_socket(int fd) {
  const TransportSocket socket(fd);
  if (socket.family() == AF_UNIX && socket.type() == SOCK_STREAM) return;
  throw ValueError("A UNIX Domain Stream Socket was expected, got " + detail::describe_socket(fd));
}

/// Everything before the first socket: AS-041 to AS-043. `nothing` is the complaint about neither.
void check_arguments(const std::optional<std::string>& path, const std::optional<int>& sock,
                     const char* nothing) {
  if (path) {
    if (sock) throw ValueError("path and sock can not be specified at the same time");
  } else if (sock) {
    check_unix_socket(*sock);
  } else {
    throw ValueError(nothing);
  }
}

Task<std::shared_ptr<Server>> serve(EventLoop& loop, ProtocolFactory factory, std::optional<std::string> path,
                                    CreateUnixServerOptions options) {
  detail::check_timeouts_mean_something(options);
  check_arguments(path, options.sock, "path was not specified, and no sock specified");
  // To the kernel it would mean an abstract name of its own choice, where nobody looks for the server.
  if (path && path->empty()) throw ValueError("path must not be empty");
  auto tls = detail::tls_settings(options, true);
  std::vector<UniqueFd> sockets;
  if (path) {
    sockets.push_back(bound(loop, *path));
  } else {
    sockets.emplace_back(*options.sock);
    detail::set_non_blocking(*options.sock);
  }
  auto opening = detail::open_server(loop, std::move(factory), std::move(sockets), options.backlog,
                                     std::move(tls), options.start_serving);
  co_return co_await opening;
}

Task<Connection> connect(EventLoop& loop, ProtocolFactory factory, std::optional<std::string> path,
                         CreateUnixConnectionOptions options) {
  if (!options.ssl && options.server_hostname) {
    throw ValueError("server_hostname is only meaningful with ssl");
  }
  if (options.ssl && !options.server_hostname) {
    throw ValueError("you have to pass server_hostname when using ssl");
  }
  detail::check_timeouts_mean_something(options);
  check_arguments(path, options.sock, "no path and sock were specified");
  auto tls = detail::tls_settings(options, false, options.server_hostname.value_or(""));
  UniqueFd fd;
  if (path) {
    const auto name = detail::unix_name(*path);
    fd.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) throw_os_error(errno);
    auto connecting = detail::sock_connect(loop, fd.get(), name);
    co_await connecting;
  } else {
    fd.reset(*options.sock);
  }
  auto made = detail::make_connection(loop, std::move(fd), std::move(factory), std::move(tls));
  co_return co_await made;
}

}  // namespace

Task<std::shared_ptr<Server>> EventLoop::create_unix_server(ProtocolFactory protocol_factory,
                                                            std::optional<std::string> path,
                                                            CreateUnixServerOptions options) {
  return serve(*this, std::move(protocol_factory), std::move(path), std::move(options));
}

Task<Connection> EventLoop::create_unix_connection(ProtocolFactory protocol_factory,
                                                   std::optional<std::string> path,
                                                   CreateUnixConnectionOptions options) {
  return connect(*this, std::move(protocol_factory), std::move(path), std::move(options));
}

}  // namespace antiphon::asio_style
