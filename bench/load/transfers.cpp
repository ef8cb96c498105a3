#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "loads.hpp"
#include "message_pair.hpp"

namespace antiphon::bench {

namespace {

/// Between two answers nothing is kept: one connection, so many times, timed from the second on.
template <typename Transfer>
LoadResult repeat(const LoadOptions& options, const WarmedUp& warmed_up, const Transfer& transfer) {
  const int fd = connect_to(options.port);
  for (std::uint64_t i = 0; i < options.warm; ++i)
    transfer(fd, std::min<std::uint64_t>(options.size, 1 << 24));
  warmed_up();
  const auto begun = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < options.requests; ++i) transfer(fd, options.size);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  ::close(fd);
  return {options.requests, options.requests * options.size, took.count()};
}

}  // namespace

LoadResult download(const LoadOptions& options, const WarmedUp& warmed_up) {
  std::vector<char> buffer(262144);
  return repeat(options, warmed_up, [&](int fd, std::uint64_t size) {
    send_all(fd, "GET /bytes/" + std::to_string(size) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      receive_exactly(fd, buffer.data(), 1);
      head += buffer.front();
    }
    if (!head.starts_with("HTTP/1.1 200 ") ||
        head.find("\r\nContent-Length: " + std::to_string(size) + "\r\n") == std::string::npos)
      throw std::runtime_error("a wrong answer: " + head);
    // The first octets are looked at; the rest only counted (MSG_TRUNC drops it), so that the load is light.
    std::uint64_t got = std::min<std::uint64_t>(size, 65536);
    receive_exactly(fd, buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t i = 0; i < got; ++i)
      if (static_cast<unsigned char>(buffer[i]) != i % 251)
        throw std::runtime_error("octet " + std::to_string(i) + " of the download is wrong");
    while (got < size) {
      const ssize_t count = ::recv(
          fd, nullptr, static_cast<std::size_t>(std::min<std::uint64_t>(size - got, 1U << 20U)), MSG_TRUNC);
      if (count <= 0) throw std::runtime_error("the server closed before its answer was complete");
      got += static_cast<std::uint64_t>(count);
    }
  });
}

LoadResult upload(const LoadOptions& options, const WarmedUp& warmed_up) {
  const std::string piece(262144, 'u');
  return repeat(options, warmed_up, [&](int fd, std::uint64_t size) {
    send_all(
        fd, "POST /sink HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    for (std::uint64_t sent = 0; sent < size; sent += piece.size())
      send_all(fd, std::string_view(piece).substr(
                       0, static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size - sent))));
    const std::string answer = receive_response(fd);
    if (!answer.ends_with("\r\n\r\n" + std::to_string(size)))
      throw std::runtime_error("a wrong answer: " + answer);
  });
}

void idle_connections(const LoadOptions& options) {
  const MessagePair pair(options);
  std::string answer(pair.answer_size(), '\0');
  std::vector<int> sockets;
  for (std::size_t wanted = 0; std::cin >> wanted;) {
    while (sockets.size() < wanted) {
      sockets.push_back(connect_to(options.port));
      send_all(sockets.back(), pair.message());
      receive_exactly(sockets.back(), answer.data(), answer.size());
      pair.check(answer);
    }
    std::cout << sockets.size() << std::endl;
  }
  for (const int fd : sockets) ::close(fd);
}

}  // namespace antiphon::bench
