#include "peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "target.hpp"

namespace antiphon::conformance {

namespace {

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) fail("socket");
    const timeval limit{hang_limit.count(), 0};
    set(SO_RCVTIMEO, limit);
    set(SO_SNDTIMEO, limit);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { close(); }

  void connect(std::uint16_t port) const {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0) fail("connect");
  }
  /// How many octets were taken before the connection ended.
  [[nodiscard]] std::size_t send(std::string_view octets) const {
    std::size_t sent = 0;
    while (sent < octets.size()) {
      const ssize_t count = ::send(fd_, octets.data() + sent, octets.size() - sent, MSG_NOSIGNAL);
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw HarnessError("the peer's send hangs");
      if (count <= 0) break;
      sent += static_cast<std::size_t>(count);
    }
    return sent;
  }
  /// Octets, or an end.
  std::string_view receive(std::span<char> into, std::string& end) const {
    const ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
    if (count > 0) return {into.data(), static_cast<std::size_t>(count)};
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw HarnessError("the peer's read hangs");
    end = count == 0 ? "eof" : "reset";
    return {};
  }
  void shutdown_write() const { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    set(SO_LINGER, linger{1, 0});
    close();
  }
  template <typename Value>
  void set(int option, const Value& value) const {
    ::setsockopt(fd_, SOL_SOCKET, option, &value, sizeof(value));
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    throw HarnessError(std::string("the peer's ") + what + " failed: " + std::strerror(errno));
  }
  int fd_;
};

class Peer {
 public:
  Peer(std::uint16_t port, EventLog& log, PeerRecord& to) : record(to), port_(port), log_(log) {}

  void step(const Json& step) {
    const std::string verb = step.at(0);
    if (verb == "connect") {
      socket_.connect(port_);
    } else if (verb == "connect_many") {
      for (int i = 0; i < step.at(1).get<int>(); ++i) {
        many_.emplace_back();
        many_.back().connect(port_);
      }
    } else if (verb == "send") {
      const std::string octets = stream_octets(record.sent, step.at(1));
      record.sent += socket_.send(octets);
    } else if (verb == "send_text") {
      static_cast<void>(socket_.send(step.at(1).get<std::string>()));
    } else if (verb == "shutdown_write") {
      socket_.shutdown_write();
    } else if (verb == "rst") {
      socket_.reset();
    } else if (verb == "close") {
      socket_.close();
      many_.clear();
    } else if (verb == "read") {
      read(step.at(1));
    } else if (verb == "read_until_eof") {
      read(std::numeric_limits<std::uint64_t>::max());
    } else if (verb == "sleep_ms") {
      std::this_thread::sleep_for(std::chrono::milliseconds(step.at(1).get<int>()));
    } else if (verb == "set_rcvbuf") {
      socket_.set(SO_RCVBUF, step.at(1).get<int>());
    } else if (verb == "set_sndbuf") {
      socket_.set(SO_SNDBUF, step.at(1).get<int>());
    } else if (verb == "wait_event") {
      wait(step.at(1), step.size() > 2 ? step.at(2).get<int>() : 1);
    } else {
      throw HarnessError("unknown step of the peer: " + step.dump());
    }
    Json done = {{"step", step}};
    if (verb == "read" || verb == "read_until_eof") done["read"] = record.read;
    if (!record.end.empty()) done["end"] = record.end;
    record.steps.push_back(std::move(done));
  }

  PeerRecord& record;

 private:
  void read(std::uint64_t size) {
    std::vector<char> buffer(65536);
    while (size > 0 && record.end.empty()) {
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
      const std::string_view octets = socket_.receive(std::span(buffer).first(want), record.end);
      const std::size_t wrong = first_difference(octets, record.read);
      if (wrong != std::string_view::npos && record.wrong_at < 0)
        record.wrong_at = static_cast<std::int64_t>(record.read + wrong);
      record.read += octets.size();
      size -= octets.size();
    }
  }
  /// "PW", or "note:text".
  void wait(const std::string& what, int times) {
    const bool told = log_.wait(
        [&](const Trace& trace) {
          return std::count_if(trace.begin(), trace.end(), [&](const Event& event) {
                   return event.kind == what ||
                          (event.kind == "note" && "note:" + event.text("text") == what);
                 }) >= times;
        },
        hang_limit);
    if (!told) throw HarnessError("the server never told of " + what + " number " + std::to_string(times));
  }

  std::uint16_t port_;
  EventLog& log_;
  Socket socket_;
  std::vector<Socket> many_;
};

}  // namespace

void run_peer(const Json& steps, std::uint16_t port, EventLog& log, PeerRecord& record) {
  Peer peer(port, log, record);
  for (const Json& step : steps) peer.step(step);
}

}  // namespace antiphon::conformance
