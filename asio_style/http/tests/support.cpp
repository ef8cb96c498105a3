#include "support.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "http_connections.hpp"

namespace antiphon::asio_style::detail {

struct HttpServerAccess {
  static HttpConnections& connections(HttpServer& server) { return *server.connections_; }
};

}  // namespace antiphon::asio_style::detail

namespace antiphon::asio_style::test {

// ---- Client

Client::Client(std::uint16_t port, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    throw std::runtime_error("cannot connect");
  }
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

bool Client::send(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t sent = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t Client::send_some(std::string_view octets) {
  const ssize_t sent = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void Client::shutdown() {
  ::shutdown(fd_, SHUT_WR);
}

void Client::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd_, -1));
}

bool Client::receive() {
  std::array<char, 65536> buffer;
  const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (size < 0) throw std::runtime_error("reset");
  received_.append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0;
}

bool Client::fill(std::size_t count) {
  while (received_.size() < count) {
    if (!receive()) return false;
  }
  return true;
}

std::string Client::take(std::size_t count) {
  std::string taken = received_.substr(0, count);
  received_.erase(0, taken.size());
  return taken;
}

std::string Client::read(std::size_t count) {
  fill(count);
  return take(count);
}

std::optional<std::string> Client::read_to_end() {
  try {
    while (receive()) continue;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
  return std::exchange(received_, {});
}

Answer Client::read_answer(bool to_head) {
  std::size_t end = std::string::npos;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive()) return {};
  }
  const std::string head = take(end + 4);
  Answer answer;
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  std::string_view lines = std::string_view(head).substr(head.find("\r\n") + 2);
  while (lines.size() > 2) {
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    const std::size_t colon = line.find(": ");
    answer.headers.add(line.substr(0, colon), line.substr(colon + 2));
    lines.remove_prefix(line.size() + 2);
  }
  if (to_head || answer.status < 200 || answer.status == 204 || answer.status == 304) return answer;
  if (const auto length = answer.headers.get("Content-Length")) {
    answer.body = read(std::stoul(std::string(*length)));
  } else if (answer.headers.contains("Transfer-Encoding")) {
    for (std::size_t size = 1; size > 0;) {
      while (received_.find("\r\n") == std::string::npos && receive()) continue;
      const std::string line = take(received_.find("\r\n") + 2);
      size = std::stoul(line, nullptr, 16);
      answer.body += read(size);
      read(2);
    }
  } else {
    answer.body = read_to_end().value_or("reset");
  }
  return answer;
}

Answer Client::get(std::string_view target) {
  send(request("GET", target));
  return read_answer();
}

std::string request(std::string_view method, std::string_view target, std::string_view lines,
                    std::string_view body) {
  std::string text(method);
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n").append(lines);
  if (!body.empty()) text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append("\r\n").append(body);
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// ---- RunningServer

void RunningServer::tick(int times) {
  on_loop([times](HttpServer& server) {
    for (int i = 0; i < times; ++i) detail::HttpServerAccess::connections(server).tick();
    return 0;
  });
}

RunningServer::RunningServer(const http::Router& router, HttpLimits limits, std::optional<SSLContext> ssl,
                             http::Telemetry telemetry) {
  std::promise<std::uint16_t> ready;
  auto port = ready.get_future();
  thread_ =
      std::thread([this, &router, &ready, limits, ssl = std::move(ssl), telemetry = std::move(telemetry)] {
        EventLoop loop;
        const auto log = [this](std::string_view line) {
          const std::lock_guard lock(mutex_);
          log_.emplace_back(line);
        };
        HttpServer server(loop, router, {.ssl = ssl, .limits = limits, .log = log, .telemetry = telemetry});
        loop_ = &loop;
        server_ = &server;
        stop_asked_.emplace(loop);
        loop.run_until_complete(live(ready));
        stop_asked_.reset();
      });
  port_ = port.get();
}

Task<void> RunningServer::live(std::promise<std::uint16_t>& ready) {
  co_await server_->start("127.0.0.1", 0);
  ready.set_value(server_->port());
  co_await *stop_asked_;
  aborted_ = co_await server_->stop(graceful_);
}

void RunningServer::begin_stop(std::chrono::milliseconds graceful) {
  loop_->call_soon_threadsafe([this, graceful] {
    graceful_ = graceful;
    if (!stop_asked_->done()) stop_asked_->set_result();
  });
}

std::size_t RunningServer::stop(std::chrono::milliseconds graceful) {
  if (thread_.joinable()) {
    begin_stop(graceful);
    thread_.join();
  }
  return aborted_;
}

std::vector<std::string> RunningServer::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

}  // namespace antiphon::asio_style::test
