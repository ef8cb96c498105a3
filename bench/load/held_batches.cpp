#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "loads.hpp"
#include "message_pair.hpp"

namespace antiphon::bench {

namespace {

using Clock = std::chrono::steady_clock;

std::vector<int> connect_all(const LoadOptions& options) {
  std::vector<int> sockets;
  for (std::size_t i = 0; i < options.connections; ++i) sockets.push_back(connect_to(options.port));
  return sockets;
}

}  // namespace

LoadResult held_batches(const LoadOptions& options, const WatchedServer& server, const WarmedUp& warmed_up) {
  const MessagePair pair(options);
  std::string messages;
  for (std::size_t i = 0; i < options.depth; ++i) messages += pair.message();
  std::string answers(options.depth * pair.answer_size(), '\0');
  const std::vector<int> sockets = connect_all(options);
  const auto batch = [&] {
    server.wait_until_idle();
    if (sockets.size() > 1) server.hold();
    for (const int fd : sockets) send_all(fd, messages);
    if (sockets.size() > 1) server.release();
    for (const int fd : sockets) {
      receive_exactly(fd, answers.data(), answers.size());
      for (std::size_t i = 0; i < options.depth; ++i)
        pair.check(std::string_view(answers).substr(i * pair.answer_size(), pair.answer_size()));
    }
  };
  for (std::uint64_t i = 0; i < options.warm; ++i) batch();
  server.wait_until_idle();
  warmed_up();
  const auto begun = Clock::now();
  const std::uint64_t batches = options.requests / (options.depth * options.connections);
  for (std::uint64_t i = 0; i < batches; ++i) batch();
  server.wait_until_idle();
  const std::chrono::duration<double> took = Clock::now() - begun;
  for (const int fd : sockets) ::close(fd);
  const std::uint64_t requests = batches * options.depth * options.connections;
  return {requests, requests * pair.answer_size(), took.count()};
}

LoadResult connection_per_request(const LoadOptions& options, const WatchedServer& server,
                                  const WarmedUp& warmed_up) {
  std::uint64_t octets = 0;
  const auto request = [&] {
    server.wait_until_idle();
    const int fd = connect_to(options.port);
    send_all(fd, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    octets += receive_response(fd).size();
    char more = 0;
    const bool closed = ::read(fd, &more, 1) == 0;
    ::close(fd);
    if (!closed) throw std::runtime_error("the server did not close");
  };
  for (std::uint64_t i = 0; i < options.warm; ++i) request();
  server.wait_until_idle();
  warmed_up();
  octets = 0;
  const auto begun = Clock::now();
  for (std::uint64_t i = 0; i < options.requests; ++i) request();
  server.wait_until_idle();
  const std::chrono::duration<double> took = Clock::now() - begun;
  return {options.requests, octets, took.count()};
}

}  // namespace antiphon::bench
