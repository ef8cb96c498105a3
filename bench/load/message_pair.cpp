#include "message_pair.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace antiphon::bench {

namespace {

/// The answer without what changes from second to second.
std::string undated(std::string_view octets) {
  constexpr std::string_view field = "\r\nDate: ";
  constexpr std::size_t date_size = 29;
  std::string text(octets);
  const std::size_t date = text.find(field);
  if (date != std::string::npos) text.replace(date + field.size(), date_size, date_size, '-');
  return text;
}

}  // namespace

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  const timeval limit{60, 0};
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(port);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    throw std::runtime_error("cannot connect to the server: " + why);
  }
  return fd;
}

void send_all(int fd, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (count <= 0) throw std::runtime_error("the server takes no more");
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
}

void receive_exactly(int fd, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::recv(fd, to, size, 0);
    if (count <= 0) throw std::runtime_error("the server closed before its answer was complete");
    to += count;
    size -= static_cast<std::size_t>(count);
  }
}

std::string receive_response(int fd) {
  constexpr std::string_view field = "\r\nContent-Length: ";
  std::string text;
  std::size_t size = 0;
  while (size == 0 || text.size() < size) {
    std::array<char, 4096> buffer{};
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (count <= 0) throw std::runtime_error("no complete answer, but: " + text);
    text.append(buffer.data(), static_cast<std::size_t>(count));
    const std::size_t end = text.find("\r\n\r\n");
    if (size != 0 || end == std::string::npos) continue;
    const std::size_t length = text.find(field);
    if (length > end) throw std::runtime_error("an answer of unannounced length: " + text);
    std::size_t body = 0;
    std::from_chars(text.data() + length + field.size(), text.data() + end, body);
    size = end + 4 + body;
  }
  if (!text.starts_with("HTTP/1.1 200 ")) throw std::runtime_error("a wrong answer: " + text);
  return text;
}

MessagePair::MessagePair(const LoadOptions& options) {
  const int fd = connect_to(options.port);
  if (options.echo) {
    for (std::uint64_t i = 0; i < options.size; ++i) message_ += static_cast<char>('a' + i % 23);
    answer_ = message_;
  } else {
    message_ = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    send_all(fd, message_);
    answer_ = receive_response(fd);
  }
  ::close(fd);
}

void MessagePair::check(std::string_view octets) const {
  if (octets == answer_ || undated(octets) == undated(answer_)) return;
  throw std::runtime_error("a wrong answer: " + std::string(octets.substr(0, 300)));
}

}  // namespace antiphon::bench
