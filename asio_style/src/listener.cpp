#include "listener.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "server_impl.hpp"

namespace antiphon::asio_style::detail {

namespace {

constexpr std::chrono::seconds accept_retry_delay{1};  // asyncio's ACCEPT_RETRY_DELAY (AS-048)

bool is_wildcard(const SocketName& name) {
  if (name.family() == AF_INET)
    return reinterpret_cast<const sockaddr_in*>(name.get())->sin_addr.s_addr == INADDR_ANY;
  if (name.family() == AF_INET6) {
    return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(name.get())->sin6_addr);
  }
  return false;
}

}  // namespace

Listener::Listener(LoopCore& core, ServerImpl& server, UniqueFd fd)
    : core_(core),
      server_(server),
      fd_(std::move(fd)),
      is_tcp_(TransportSocket(fd_.get()).proto() == IPPROTO_TCP) {
  names_connections_ = local_name(fd_.get(), name_) && !is_wildcard(name_);
  core_.watchers().join(*this);
}

Listener::~Listener() {
  retry_.cancel();
  core_.selector().forget(fd_.get());
  core_.watchers().leave(*this);
}

void Listener::loop_closed() {
  server_.loop_closed();
}

void Listener::start(int backlog) {
  if (::listen(fd_.get(), backlog) != 0) throw_address_error(errno, "listen on", name_);
  backlog_ = backlog;
  if (is_tcp_) {
    // AS-058. Linux hands it down to what is accepted: a system call less for each connection.
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  // With a backlog of zero nothing is ever accepted (AS-033); then there is nothing to wait for either.
  if (backlog_ > 0) core_.selector().watch(fd_.get(), *this, Selector::read);
}

/// Until nothing is left or `backlog` connections were taken, so that a flood can't hold the loop (AS-046).
bool Listener::on_readable() {
  for (int count = 0; count < backlog_; ++count) {
    const int error = accept_one();
    // Only then the queue is known to be empty.
    if (error != 0) return error == EAGAIN && count > 0;
  }
  return false;
}

/// 0, or the errno with which there was none.
int Listener::accept_one() {
  SocketName peer;
  UniqueFd fd(::accept4(fd_.get(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) {
    const int error = errno;
    accept_failed(error);
    return error;
  }
  auto connected = std::make_shared<ConnectedSocket>();
  connected->peer = KeptAddress(peer);
  if (names_connections_) {
    connected->local = KeptAddress(name_);
  } else if (SocketName local; local_name(fd.get(), local)) {
    connected->local = KeptAddress(local);
  }
  connected->fd = std::move(fd);
  // Not here but in the next turn (AS-053), and also if the server is closed until then (AS-064).
  core_.call_soon([server = server_.shared(), connected] { server->connected(std::move(*connected)); },
                  "accept");
  return 0;
}

void Listener::accept_failed(int error) {
  switch (error) {
    case EAGAIN:
    case EINTR:
    case ECONNABORTED:
      return;  // AS-047
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      break;
    default:
      throw_os_error(error);  // a failed callback like any other (AS-052)
  }
  // The connection stays in the kernel's queue and the socket stays readable:
  // without the pause we would spin (AS-051).
  core_.selector().watch(fd_.get(), *this, Selector::none);
  retry_ = TimerHandle(core_.call_at(
      Clock::now() + accept_retry_delay, [this] { core_.selector().watch(fd_.get(), *this, Selector::read); },
      "accept retry"));
  ExceptionContext context;
  context.message = "socket.accept() out of system resource";
  context.exception = make_os_error(error);
  context.socket = TransportSocket(fd_.get());
  core_.loop().call_exception_handler(context);  // once per event, not once per try (AS-050)
}

}  // namespace antiphon::asio_style::detail
