#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "loads.hpp"
#include "message_pair.hpp"

namespace antiphon::bench {

namespace {

struct Connection {
  int fd = -1;
  bool waits_to_send = false;
  std::uint64_t left = 0;  // batches still to begin
  std::size_t sent = 0;
  std::size_t received = 0;
};

class ClosedLoop {
 public:
  explicit ClosedLoop(const LoadOptions& options)
      : pair_(options), depth_(options.depth), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < depth_; ++i) batch_ += pair_.message();
    for (std::size_t i = 0; i < options.connections; ++i) {
      Connection& made = connections_.emplace_back();
      made.fd = connect_to(options.port);
      ::fcntl(made.fd, F_SETFL, O_NONBLOCK);
    }
    for (Connection& connection : connections_) watch(EPOLL_CTL_ADD, connection, EPOLLIN);
  }
  ClosedLoop(const ClosedLoop&) = delete;
  ClosedLoop& operator=(const ClosedLoop&) = delete;
  ~ClosedLoop() {
    for (const Connection& connection : connections_) ::close(connection.fd);
    ::close(epoll_);
  }

  /// So many batches in all; the connections that come first may get one more than the others.
  void run(std::uint64_t batches) {
    open_ = 0;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = connections_[i];
      connection.left = batches / connections_.size() + (i < batches % connections_.size() ? 1 : 0);
      if (connection.left > 0) ++open_;
    }
    for (Connection& connection : connections_)
      if (connection.left > 0) begin(connection);
    std::array<epoll_event, 1024> events{};
    while (open_ > 0) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 60'000);
      if (count == 0) throw std::runtime_error("the server is silent for a minute");
      for (int i = 0; i < count; ++i) {
        auto& connection = *static_cast<Connection*>(events.at(static_cast<std::size_t>(i)).data.ptr);
        if (connection.sent < batch_.size()) send(connection);
        receive(connection);
      }
    }
  }
  [[nodiscard]] std::uint64_t octets(std::uint64_t batches) const {
    return batches * depth_ * pair_.answer_size();
  }

 private:
  void watch(int operation, Connection& connection, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &connection;
    ::epoll_ctl(epoll_, operation, connection.fd, &event);
  }
  void begin(Connection& connection) {
    --connection.left;
    connection.sent = connection.received = 0;
    send(connection);
  }
  void send(Connection& connection) {
    const ssize_t count =
        ::send(connection.fd, batch_.data() + connection.sent, batch_.size() - connection.sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) throw std::runtime_error("the server has gone");
    if (count > 0) connection.sent += static_cast<std::size_t>(count);
    const bool waits = connection.sent < batch_.size();
    if (waits == connection.waits_to_send) return;
    connection.waits_to_send = waits;
    watch(EPOLL_CTL_MOD, connection, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
  void receive(Connection& connection) {
    const std::size_t wanted = depth_ * pair_.answer_size();
    const ssize_t count = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) throw std::runtime_error("the server closed before its answer was complete");
    if (connection.received == 0 && static_cast<std::size_t>(count) == pair_.answer_size())
      pair_.check({buffer_.data(), static_cast<std::size_t>(count)});
    connection.received += static_cast<std::size_t>(count);
    if (connection.received > wanted) throw std::runtime_error("the server answers more than it was asked");
    if (connection.received < wanted) return;
    if (connection.left > 0)
      begin(connection);
    else
      --open_;
  }

  MessagePair pair_;
  std::size_t depth_;
  int epoll_;
  std::string batch_;
  std::vector<Connection> connections_;
  std::size_t open_ = 0;
  std::vector<char> buffer_ = std::vector<char>(262144);
};

}  // namespace

LoadResult closed_loop(const LoadOptions& options, const WarmedUp& warmed_up) {
  ClosedLoop loop(options);
  loop.run(options.warm * options.connections);
  warmed_up();
  const auto begun = std::chrono::steady_clock::now();
  const std::uint64_t batches = options.requests / options.depth;
  loop.run(batches);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  return {batches * options.depth, loop.octets(batches), took.count()};
}

}  // namespace antiphon::bench
