// The smallest server on bare epoll: level-triggered, one read and one send a request.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <unordered_map>

#include "session.hpp"

namespace antiphon::bench {

namespace {

template <typename Parser>
struct Connection {
  Connection(int socket, Service service, http::DateCache& date) : fd(socket), session(service, date) {}
  int fd;
  bool waits_to_send = false;  // and is not read from meanwhile
  Session<Parser> session;
};

template <typename Parser>
class EpollServer final : public Server {
  using Connection = bench::Connection<Parser>;

 public:
  explicit EpollServer(Service service) : service_(service) {}
  ~EpollServer() override {
    for (const auto& [fd, connection] : connections_) ::close(fd);
    for (const int fd : {listener_, stop_, epoll_})
      if (fd >= 0) ::close(fd);
  }

  void run(const Listening& listening) override {
    epoll_ = ::epoll_create1(0);
    stop_ = ::eventfd(0, EFD_NONBLOCK);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&where), sizeof(where));
    ::listen(listener_, 1024);
    socklen_t size = sizeof(where);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size);
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN, &listener_);
    watch(EPOLL_CTL_ADD, stop_, EPOLLIN, &stop_);
    listening(ntohs(where.sin_port));

    std::array<epoll_event, 1024> events;
    for (bool running = true; running;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == &stop_)
          running = false;
        else if (event.data.ptr == &listener_)
          accept();
        else
          serve(*static_cast<Connection*>(event.data.ptr), event.events);
      }
    }
  }
  void stop() override { ::eventfd_write(stop_, 1); }

 private:
  void watch(int operation, int fd, std::uint32_t events, void* data) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = data;
    ::epoll_ctl(epoll_, operation, fd, &event);
  }
  void accept() {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      auto& made = connections_[fd];
      made = std::make_unique<Connection>(fd, service_, date_);
      watch(EPOLL_CTL_ADD, fd, EPOLLIN, made.get());
    }
  }
  void serve(Connection& connection, std::uint32_t events) {
    auto& session = connection.session;
    bool good = true;
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0) {
      const ssize_t count = ::recv(connection.fd, buffer_.get(), read_size, 0);
      good = count > 0 && session.feed({buffer_.get(), static_cast<std::size_t>(count)});
    }
    if (!good || !send(connection)) {
      ::close(connection.fd);
      connections_.erase(connection.fd);
    }
  }
  /// False if the connection is to be closed.
  bool send(Connection& connection) const {
    auto& session = connection.session;
    bool full = false;
    for (auto octets = session.pending(); !full && !octets.empty(); octets = session.pending()) {
      const ssize_t count = ::send(connection.fd, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN) return false;
      if (count > 0) session.sent(static_cast<std::size_t>(count));
      full = count < static_cast<ssize_t>(octets.size());
    }
    if (full != connection.waits_to_send) {
      session.keep();
      connection.waits_to_send = full;
      watch(EPOLL_CTL_MOD, connection.fd, full ? EPOLLOUT : EPOLLIN, &connection);
    }
    return full || !session.closing();
  }

  Service service_;
  int stop_ = -1;
  int epoll_ = -1;
  int listener_ = -1;
  http::DateCache date_;
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(read_size);
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace

std::unique_ptr<Server> make_bare_epoll(Service service) {
  return std::make_unique<EpollServer<StylesParser>>(service);
}
std::unique_ptr<Server> make_bare_epoll_llhttp(Service service) {
  return std::make_unique<EpollServer<LlhttpAlone>>(service);
}

}  // namespace antiphon::bench
