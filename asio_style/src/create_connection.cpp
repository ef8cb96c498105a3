#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/event_loop.hpp"
#include "connecting.hpp"
#include "interleave.hpp"
#include "scoped_timer.hpp"
#include "tls_settings.hpp"

namespace antiphon::asio_style {

namespace {

using detail::Resolved;
using detail::UniqueFd;
using Errors = std::vector<std::exception_ptr>;

/// Binds to the first local address of the wanted family that can be had (AS-091).
void bind_local(int fd, int family, const std::vector<Resolved>& local) {
  std::exception_ptr failed;
  for (const auto& address : local) {
    if (address.family != family) continue;
    if (::bind(fd, address.name.get(), address.name.length) == 0) return;
    try {
      detail::throw_address_error(errno, "bind on", address.name);
    } catch (const OSError&) {
      failed = std::current_exception();
    }
  }
  if (failed) std::rethrow_exception(failed);
  throw OSError(0, "no matching local address with family=" + std::to_string(family) + " found");
}

Task<UniqueFd> connect_to(EventLoop& loop, Resolved address, std::vector<Resolved> local) {
  UniqueFd fd(::socket(address.family, address.type | SOCK_NONBLOCK | SOCK_CLOEXEC, address.proto));
  if (!fd) throw_os_error(errno);
  if (!local.empty()) bind_local(fd.get(), address.family, local);
  auto connecting = detail::sock_connect(loop, fd.get(), address.name);
  co_await connecting;
  co_return fd;
}

/// One address after the other (AS-087).
Task<UniqueFd> one_by_one(EventLoop& loop, std::vector<Resolved> addresses, std::vector<Resolved> local,
                          Errors& errors) {
  for (const auto& address : addresses) {
    try {
      auto attempt = connect_to(loop, address, local);
      co_return co_await attempt;
    } catch (const OSError&) {
      errors.push_back(std::current_exception());
    }
  }
  co_return UniqueFd();
}

/// Attempts that run side by side; those that are not needed any more are cancelled, however the race ends.
class Attempts {
 public:
  Attempts() = default;
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;
  ~Attempts() {
    for (const auto& attempt : running_) {
      // Two may have ended in one turn: the loser's error is nobody's business.
      if (!attempt.cancel() && !attempt.cancelled()) static_cast<void>(attempt.exception());
    }
  }
  void add(Future<UniqueFd> attempt) { running_.push_back(std::move(attempt)); }

  /// The first that succeeded; takes out and notes those that failed.
  UniqueFd harvest(Errors& errors) {
    for (auto attempt = running_.begin(); attempt != running_.end();) {
      if (!attempt->done()) {
        ++attempt;
        continue;
      }
      const auto ended = *attempt;
      attempt = running_.erase(attempt);
      if (!ended.exception()) return ended.result();
      errors.push_back(ended.exception());
    }
    return {};
  }
  [[nodiscard]] bool empty() const noexcept { return running_.empty(); }

 private:
  std::vector<Future<UniqueFd>> running_;
};

/// Happy eyeballs: the next address starts when the last one failed or `delay` has passed; the first that
/// connects wins (AS-092).
Task<UniqueFd> staggered(EventLoop& loop, std::vector<Resolved> addresses, std::vector<Resolved> local,
                         EventLoop::Duration delay, Errors& errors) {
  const auto waiting = std::make_shared<Future<>>(loop);
  const auto wake_up = [waiting] {
    if (!waiting->done()) waiting->set_result();
  };
  Attempts attempts;
  std::optional<Future<UniqueFd>> last;
  TimePoint due = loop.time();
  for (std::size_t next = 0;;) {
    if (UniqueFd won = attempts.harvest(errors)) co_return won;
    if (next < addresses.size() && (!last || last->done() || loop.time() >= due)) {
      last = loop.create_task(connect_to(loop, addresses[next++], local));
      last->add_done_callback(wake_up);
      attempts.add(*last);
      due = loop.time() + delay;
    } else if (attempts.empty()) {
      co_return UniqueFd();
    }
    *waiting = Future<>(loop);
    const detail::ScopedTimer timer(next < addresses.size() ? loop.call_at(due, wake_up) : TimerHandle());
    const auto woken = *waiting;
    co_await woken;
  }
}

/// What create_connection throws when nothing answered (AS-088).
[[noreturn]] void throw_all(const Errors& errors) {
  const auto first = message_of(errors.front());
  const auto same = [&first](const std::exception_ptr& other) { return message_of(other) == first; };
  if (std::all_of(errors.begin(), errors.end(), same)) std::rethrow_exception(errors.front());
  std::string text = "Multiple exceptions: ";
  for (const auto& error : errors) text += (error == errors.front() ? "" : ", ") + message_of(error);
  throw OSError(0, text);  // they have no number in common
}

void check_stream(int sock) {
  if (TransportSocket(sock).type() == SOCK_STREAM) return;
  throw ValueError("A Stream Socket was expected, got " + detail::describe_socket(sock));
}

/// Everything before the first look-up, in asyncio's order (AS-089).
void check_arguments(const std::optional<std::string>& host, const std::optional<std::uint16_t>& port,
                     const CreateConnectionOptions& options) {
  if (!options.ssl && options.server_hostname) {
    throw ValueError("server_hostname is only meaningful with ssl");
  }
  if (options.ssl && !options.server_hostname && host.value_or("").empty()) {
    throw ValueError("You must set server_hostname when using ssl without a host");
  }
  detail::check_timeouts_mean_something(options);
  if (host || port) {
    if (options.sock) throw ValueError("host/port and sock can not be specified at the same time");
  } else if (options.sock) {
    check_stream(*options.sock);
  } else {
    throw ValueError("host and port was not specified and no sock specified");
  }
}

Task<Connection> connect(EventLoop& loop, ProtocolFactory factory, std::optional<std::string> host,
                         std::optional<std::uint16_t> port, CreateConnectionOptions options) {
  check_arguments(host, port, options);
  auto tls = detail::tls_settings(options, false, options.server_hostname.value_or(host.value_or("")));
  UniqueFd fd;
  if (options.sock) {
    fd.reset(*options.sock);
  } else {
    auto resolving = detail::resolve(loop, host.value_or(""), port.value_or(0), options.family, options.proto,
                                     options.flags);
    auto addresses = co_await resolving;
    std::vector<Resolved> local;
    if (options.local_addr) {
      auto resolving_local = detail::resolve(loop, options.local_addr->first, options.local_addr->second,
                                             options.family, options.proto, options.flags);
      local = co_await resolving_local;
    }
    const int first_family = options.interleave.value_or(options.happy_eyeballs_delay ? 1 : 0);
    if (first_family > 0) addresses = detail::interleave(std::move(addresses), first_family);
    Errors errors;
    auto attempt =
        options.happy_eyeballs_delay
            ? staggered(loop, std::move(addresses), std::move(local), *options.happy_eyeballs_delay, errors)
            : one_by_one(loop, std::move(addresses), std::move(local), errors);
    fd = co_await attempt;
    if (!fd) throw_all(errors);
  }
  auto made = detail::make_connection(loop, std::move(fd), std::move(factory), std::move(tls));
  co_return co_await made;
}

Task<Connection> adopt(EventLoop& loop, ProtocolFactory factory, int sock,
                       ConnectAcceptedSocketOptions options) {
  check_stream(sock);  // first, as asyncio does
  detail::check_timeouts_mean_something(options);
  auto tls = detail::tls_settings(options, true);
  auto made = detail::make_connection(loop, UniqueFd(sock), std::move(factory), std::move(tls));
  co_return co_await made;
}

}  // namespace

Task<Connection> EventLoop::create_connection(ProtocolFactory protocol_factory,
                                              std::optional<std::string> host,
                                              std::optional<std::uint16_t> port,
                                              CreateConnectionOptions options) {
  return connect(*this, std::move(protocol_factory), std::move(host), port, std::move(options));
}

Task<Connection> EventLoop::connect_accepted_socket(ProtocolFactory protocol_factory, int sock,
                                                    ConnectAcceptedSocketOptions options) {
  return adopt(*this, std::move(protocol_factory), sock, std::move(options));
}

}  // namespace antiphon::asio_style
