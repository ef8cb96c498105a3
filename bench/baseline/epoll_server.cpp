// The smallest server on bare epoll: edge-triggered, one read and one write a request.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http_answer.hpp"
#include "server.hpp"

namespace antiphon::bench {

namespace {

struct Connection {
  int fd;
  HttpAnswer http;
  std::string out;  // what the socket did not take
};

class EpollServer final : public Server {
 public:
  explicit EpollServer(Service service) : service_(service), stop_(::eventfd(0, EFD_NONBLOCK)) {
    start([this](const auto& listening) { run(listening); });
  }
  ~EpollServer() override {
    ::eventfd_write(stop_, 1);
    join();
    ::close(stop_);
  }

 private:
  template <typename Listening>
  void run(const Listening& listening) {
    epoll_ = ::epoll_create1(0);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&where), sizeof(where));
    ::listen(listener_, 1024);
    socklen_t size = sizeof(where);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size);
    watch(listener_, EPOLLIN);
    watch(stop_, EPOLLIN);
    listening(ntohs(where.sin_port));

    std::array<epoll_event, 256> events{};
    for (bool running = true; running;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
        if (fd == stop_)
          running = false;
        else if (fd == listener_)
          accept();
        else
          serve(*connections_.at(fd));
      }
    }
    for (const auto& [fd, connection] : connections_) ::close(fd);
    ::close(listener_);
    ::close(epoll_);
  }
  void watch(int fd, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  void accept() {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      auto made = std::make_unique<Connection>();
      made->fd = fd;
      connections_[fd] = std::move(made);
      watch(fd, EPOLLIN | EPOLLOUT | EPOLLET);
    }
  }
  void serve(Connection& connection) {
    if (!connection.out.empty() && !flush(connection)) return;
    for (ssize_t count = static_cast<ssize_t>(read_size); count == static_cast<ssize_t>(read_size);) {
      count = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
      if (count < 0) return;
      const std::string_view octets(buffer_.data(), static_cast<std::size_t>(count));
      if (count == 0 || (service_ == Service::http && !connection.http.feed(octets, date_, connection.out))) {
        ::close(connection.fd);
        connections_.erase(connection.fd);
        return;
      }
      if (service_ == Service::echo) connection.out.append(octets);
      if (!connection.out.empty()) flush(connection);
    }
  }
  static bool flush(Connection& connection) {
    const ssize_t sent = ::send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (sent > 0) connection.out.erase(0, static_cast<std::size_t>(sent));
    return connection.out.empty();
  }

  Service service_;
  int stop_;
  int epoll_ = -1;
  int listener_ = -1;
  http::DateCache date_;
  std::vector<char> buffer_ = std::vector<char>(read_size);
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace

std::unique_ptr<Server> make_bare_epoll(Service service) {
  return std::make_unique<EpollServer>(service);
}

}  // namespace antiphon::bench
