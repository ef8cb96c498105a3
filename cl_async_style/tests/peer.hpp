#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style.hpp"

namespace antiphon::cl_async_style::test {

/// A blocking connection. Its time limit is only against a hang.
class peer {
 public:
  /// Connects to a server.
  explicit peer(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    set_limits();
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0)
      throw std::runtime_error("the peer cannot connect");
  }
  /// The same on a UNIX socket.
  explicit peer(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    set_limits();
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    path.copy(where.sun_path, sizeof(where.sun_path) - 1);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0)
      throw std::runtime_error("the peer cannot connect to " + path);
  }
  struct adopt_t {};
  peer(adopt_t, int fd) : fd_(fd) { set_limits(); }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer() { close(); }

  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  /// Exactly that many octets, or fewer at the end.
  [[nodiscard]] std::string read(std::size_t size) const {
    std::string text;
    while (text.size() < size) {
      std::array<char, 65536> piece{};
      const ssize_t count = ::recv(fd_, piece.data(), std::min(piece.size(), size - text.size()), 0);
      if (count <= 0) break;
      text.append(piece.data(), static_cast<std::size_t>(count));
    }
    return text;
  }
  /// What there is, at least an octet; none at the end.
  [[nodiscard]] std::string read_some() const {
    std::string text(65536, '\0');
    const ssize_t count = ::recv(fd_, text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
  }
  /// Everything up to the end; `end` becomes "eof" or "reset".
  std::string read_all(std::string* end = nullptr) const {
    std::string text;
    std::array<char, 65536> piece{};
    while (true) {
      const ssize_t count = ::recv(fd_, piece.data(), piece.size(), 0);
      if (count <= 0) {
        if (end != nullptr) *end = count == 0 ? "eof" : "reset";
        return text;
      }
      text.append(piece.data(), static_cast<std::size_t>(count));
    }
  }
  void shutdown_write() const { ::shutdown(fd_, SHUT_WR); }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  void set_limits() const {
    const timeval limit{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  }
  int fd_;
};

/// A port on which a test accepts for itself.
class door {
 public:
  door() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(where);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(fd_, 16) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size) != 0)
      throw std::runtime_error("the door cannot be opened");
    port_ = ntohs(where.sin_port);
  }
  door(const door&) = delete;
  door& operator=(const door&) = delete;
  ~door() { close(); }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] int accept() const { return ::accept(fd_, nullptr, nullptr); }
  /// From now on connecting is refused.
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

/// A thread that is waited for.
class helper {
 public:
  template <typename Fn>
  explicit helper(Fn fn) : thread_(std::move(fn)) {}
  helper(const helper&) = delete;
  helper& operator=(const helper&) = delete;
  ~helper() { thread_.join(); }

 private:
  std::thread thread_;
};

/// For a peer that does nothing until then.
inline void wait_for(const std::atomic<bool>& flag) {
  while (!flag) std::this_thread::yield();
}

/// Writes down the life of one socket and runs what the test puts into it.
struct scene {
  std::vector<std::string> log;
  tcp_server_options options;
  socket_callback on_connect;
  std::function<void(socket&, std::string_view)> on_read;
  std::function<void(socket&, const std::exception&)> on_event;
  event_loop_options loop_options;
  std::atomic<bool> over = false;     ///< a close_cb was called
  bool keep_running = false;          ///< the end of a connection does not end the loop
  std::optional<ssl_parameters> ssl;  ///< the server speaks TLS
  std::shared_ptr<socket> last;

  /// As play_at, with a peer that is connected.
  template <typename Script>
  void play(Script script) {
    play_at([script](std::uint16_t port) {
      peer client(port);
      script(client);
    });
  }

  /// Listens, runs `script` as the peer in a thread of its own and the loop here, until the connection has
  /// ended.
  template <typename Script>
  void play_at(Script script) {
    std::thread thread;
    struct joiner {
      std::thread* of;
      ~joiner() {
        if (of->joinable()) of->join();
      }
    } const join{&thread};
    options.connect_cb = [this](socket& which) {
      log.emplace_back("connect");
      last = which.ref();
      if (on_connect) on_connect(which);
    };
    options.event_cb = [this](const std::exception& event) {
      const auto* info = condition_cast<event_info>(event);
      log.push_back("event " + std::string(info != nullptr ? info->type_name() : event.what()));
      if (const auto which = event_socket(event)) log.back() += socket_closed_p(*which) ? " closed" : " open";
      if (on_event && last) on_event(*last, event);
    };
    options.close_cb = [this, also = options.close_cb](socket& which, const event_error* cause) {
      log.push_back("close " + std::string(cause != nullptr ? cause->type_name() : "none"));
      if (also) also(which, cause);
      over = true;
      if (!keep_running) exit_event_loop();
    };
    options.pause_write_cb = [this, also = options.pause_write_cb](socket& which) {
      log.emplace_back("pause");
      if (also) also(which);
    };
    options.resume_write_cb = [this, also = options.resume_write_cb](socket& which) {
      log.emplace_back("resume");
      if (also) also(which);
    };
    start_event_loop(
        [&] {
          read_callback read_cb = [this](socket& which, std::span<const std::byte> octets) {
            const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
            log.push_back("read " + (text.size() < 20 ? std::string(text) : std::to_string(text.size())));
            if (on_read) on_read(which, text);
          };
          const auto server = ssl ? tcp_ssl_server("127.0.0.1", 0, std::move(read_cb), options, *ssl)
                                  : tcp_server("127.0.0.1", 0, std::move(read_cb), options);
          thread = std::thread([port = server_port(*server), script] { script(port); });
        },
        loop_options);
  }
};

}  // namespace antiphon::cl_async_style::test
