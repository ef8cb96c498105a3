#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace antiphon::bench {

namespace {

constexpr std::string_view date_field = "Date: ";
constexpr std::size_t date_size = 29;

/// The answer without what changes from second to second.
std::string undated(std::string text) {
  const std::size_t date = text.find(date_field);
  if (date != std::string::npos) text.replace(date + date_field.size(), date_size, date_size, '-');
  return text;
}

}  // namespace

Client::Client(const Server& server, Service service, std::size_t connections, std::size_t size)
    : service_(service) {
  if (service == Service::http)
    message_ = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  else
    message_.assign(size, 'e');
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(server.port);
  for (std::size_t i = 0; i < connections; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    const timeval limit{30, 0};  // against a hang
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0)
      throw std::runtime_error("the load cannot connect to the server");
    sockets_.push_back(fd);
  }
  if (service == Service::http)
    learn(sockets_.front());
  else
    answer_.resize(message_.size());
  batch();  // whatever is made at the first request is made before anything is measured
}

Client::~Client() {
  for (const int fd : sockets_) ::close(fd);
}

void Client::send(int fd) const {
  if (::send(fd, message_.data(), message_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message_.size()))
    throw std::runtime_error("the server has gone");
}

void Client::learn(int fd) {
  send(fd);
  std::array<char, 4096> buffer{};
  while (!answer_.ends_with("hello, world\n")) {
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (count <= 0) throw std::runtime_error("no answer, but: " + answer_);
    answer_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (!answer_.starts_with("HTTP/1.1 200 ")) throw std::runtime_error("a wrong answer: " + answer_);
  expected_ = undated(answer_);
}

void Client::receive(int fd) {
  for (std::size_t got = 0; got < answer_.size();) {
    const ssize_t count = ::recv(fd, answer_.data() + got, answer_.size() - got, 0);
    if (count <= 0) throw std::runtime_error("the server closed before its answer was complete");
    got += static_cast<std::size_t>(count);
  }
  const bool right = service_ == Service::http ? undated(answer_) == expected_ : answer_ == message_;
  if (!right) throw std::runtime_error("a wrong answer: " + answer_.substr(0, 300));
}

void Client::batch() {
  for (const int fd : sockets_) send(fd);
  for (const int fd : sockets_) receive(fd);
}

}  // namespace antiphon::bench
