#include "connecting.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "ssl_protocol.hpp"

namespace antiphon::asio_style::detail {

namespace {

/// Waits until a descriptor that belongs to no transport yet can be written to.
class WritableWait final : public Watcher {
 public:
  WritableWait(EventLoop& loop, int fd) : core_(&loop.core()), fd_(fd), ready_(loop) {
    core_->selector().watch(fd_, *this, Selector::write);
    core_->watchers().join(*this);  // last, since only a whole object leaves the list again
  }
  ~WritableWait() override {
    if (core_ == nullptr) return;
    core_->selector().remove(fd_);
    core_->watchers().leave(*this);
  }

  [[nodiscard]] const Future<>& ready() const noexcept { return ready_; }

  bool on_readable() override { return false; }
  void on_writable() override {
    if (!ready_.done()) ready_.set_result();
  }
  void loop_closed() override { core_ = nullptr; }

 private:
  LoopCore* core_;
  int fd_;
  Future<> ready_;
};

}  // namespace

Task<void> sock_connect(EventLoop& loop, int fd, SocketName address) {
  if (::connect(fd, address.get(), address.length) == 0) co_return;
  if (errno != EINPROGRESS && errno != EINTR) {
    throw_os_error(errno, "Connect call failed " + python_address(to_address(address)));
  }
  const WritableWait wait(loop, fd);
  co_await wait.ready();
  const int error = TransportSocket(fd).getsockopt(SOL_SOCKET, SO_ERROR);
  if (error != 0) throw_os_error(error, "Connect call failed " + python_address(to_address(address)));
}

std::string describe_socket(int fd) {
  return "<socket.socket " + python_socket(fd) + ">";
}

void set_non_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw_os_error(errno);
}

ConnectedSocket prepare(UniqueFd fd) {
  set_non_blocking(fd.get());
  if (TransportSocket(fd.get()).proto() == IPPROTO_TCP) {
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ConnectedSocket connected;
  SocketName name;
  if (peer_name(fd.get(), name)) connected.peer = KeptAddress(name);
  if (local_name(fd.get(), name)) connected.local = KeptAddress(name);
  connected.fd = std::move(fd);
  return connected;
}

Task<Connection> make_connection(EventLoop& loop, UniqueFd fd, ProtocolFactory factory,
                                 std::optional<TlsSettings> tls) {
  auto socket = prepare(std::move(fd));
  auto protocol = factory();
  const Future<> made(loop);
  const auto done = [made](std::exception_ptr exc) {
    if (made.done()) return;
    exc ? made.set_exception(std::move(exc)) : made.set_result();
  };
  std::shared_ptr<Transport> transport;
  if (tls) {
    const auto layer = SSLProtocol::make(loop.core(), protocol, *tls, false, done);
    StreamTransport::make(loop.core(), std::move(socket), layer, nullptr);
    transport = layer->app_transport();
  } else {
    transport = StreamTransport::make(loop.core(), std::move(socket), protocol, nullptr);
    loop.call_soon([done] { done(nullptr); });
  }
  try {
    co_await made;
  } catch (...) {
    transport->close();
    throw;
  }
  co_return Connection{transport, std::move(protocol)};
}

Task<std::vector<Resolved>> resolve(EventLoop& loop, std::string host, std::uint16_t port, int family,
                                    int proto, int flags) {
  if (auto known = host.empty() ? std::nullopt : numeric(host, port, family)) {
    co_return std::vector<Resolved>{*known};
  }
  const auto answer = loop.run_in_executor([=] { return getaddrinfo(host, port, family, flags, proto); });
  co_return co_await answer;
}

SocketName unix_name(const std::string& path) {
  SocketName name;
  auto* local = reinterpret_cast<sockaddr_un*>(&name.storage);
  // A path needs its NUL; an abstract name ends where the length says.
  const bool abstract = !path.empty() && path.front() == '\0';
  const std::size_t room = sizeof local->sun_path - (abstract ? 0 : 1);
  if (path.size() > room) {
    throw ValueError("AF_UNIX path too long: " + std::to_string(path.size()) + " octets, the limit is " +
                     std::to_string(room));
  }
  local->sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), local->sun_path);
  name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0U : 1U));
  return name;
}

}  // namespace antiphon::asio_style::detail
