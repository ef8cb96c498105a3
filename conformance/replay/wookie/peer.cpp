#include "peer.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "responses.hpp"

namespace antiphon::wookie_replay {

using nlohmann::json;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds most{10'000};  // only for what never comes
constexpr milliseconds quiet{20};     // for what should not come; if it comes later, left_over finds it

/// One recv of what comes within the time. False: nothing did, or it was the end.
bool receive(int fd, std::string& into, std::string& end, milliseconds time) {
  if (!end.empty()) return false;
  pollfd what{fd, POLLIN, 0};
  if (::poll(&what, 1, static_cast<int>(time.count())) <= 0) return false;
  std::array<char, 65536> piece{};
  const ssize_t count = ::recv(fd, piece.data(), piece.size(), 0);
  if (count > 0) into.append(piece.data(), static_cast<std::size_t>(count));
  if (count == 0) end = "eof";
  if (count < 0) end = "reset";
  return count > 0;
}

/// The last element of a step, if it is an object.
json options_of(const json& step) {
  return step.size() > 1 && step.back().is_object() ? step.back() : json::object();
}

}  // namespace

peer::~peer() {
  for (const auto& [name, one] : connections_)
    if (one.fd >= 0) ::close(one.fd);
}

peer::connection& peer::of(const json& options) {
  return connections_[options.value("c", "c1")];
}

void peer::connect(connection& one) const {
  one.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer_ > 0)
    ::setsockopt(one.fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_, sizeof(receive_buffer_));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(server_.port());
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(one.fd, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0)
    throw std::system_error(errno, std::generic_category(), "connect");
}

json peer::read(connection& one, const json& expected, bool to_eof) const {
  const auto result = [&] {
    json out{{"responses", normal_responses(one.received)}};
    if (!one.end.empty()) out["end"] = one.end;
    return out;
  };
  const auto give_up = std::chrono::steady_clock::now() + most;
  while (std::chrono::steady_clock::now() < give_up) {
    receive(one.fd, one.received, one.end, quiet);
    if (!one.end.empty() || (!to_eof && result() == expected)) break;
  }
  while (receive(one.fd, one.received, one.end, quiet)) {
  }
  json out = result();
  if (const std::string problem = date_problem(one.received); !problem.empty()) out["problem"] = problem;
  one.received.clear();
  return out;
}

json peer::play(const json& step, const json& expected) {
  const std::string name = step[0];
  const json options = options_of(step);
  connection& one = of(options);
  const auto send = [&](std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t count = ::send(one.fd, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (count <= 0) break;  // the server has closed: what it sent before is what counts
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
  };
  if (name == "connect") {
    connect(one);
  } else if (name == "send_text") {
    send(step[1].get<std::string>());
  } else if (name == "send") {
    send(std::string(step[1].get<std::size_t>(), 'x'));
  } else if (name == "shutdown_write") {
    ::shutdown(one.fd, SHUT_WR);
  } else if (name == "close" || name == "rst") {
    const linger now{1, 0};
    if (name == "rst") ::setsockopt(one.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    ::close(std::exchange(one.fd, -1));
  } else if (name == "sleep_ms") {
    server_.advance(milliseconds(step[1].get<int>()));
  } else if (name == "set_rcvbuf") {
    receive_buffer_ = step[1].get<int>();
  } else if (name == "wait_event") {
    const std::size_t times = step.size() > 2 && step[2].is_number() ? step[2].get<std::size_t>() : 1;
    const auto give_up = std::chrono::steady_clock::now() + most;
    while (server_.log().count(step[1]) < times && std::chrono::steady_clock::now() < give_up)
      std::this_thread::yield();
  } else if (name == "read_until_quiet" || name == "read_until_eof" || name == "read_some" ||
             name == "read") {
    server_.advance(milliseconds(options.value("quiet_ms", 0)));
    return read(one, expected, name == "read_until_eof");
  } else if (name != "mark") {
    throw std::invalid_argument("the peer script has the step " + step.dump());
  }
  server_.settle();
  return {};
}

std::string peer::left_over() {
  std::string all;
  for (auto& [name, one] : connections_) {
    if (one.fd < 0) continue;
    while (one.end.empty()) receive(one.fd, one.received, one.end, most);
    all += one.received;
  }
  return all;
}

}  // namespace antiphon::wookie_replay
