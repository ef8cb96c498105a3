// antiphon-walk STYLE [FILE]: the functions that one GET passes through, in order, from accept to close.
//
// The server runs in a thread whose every entered function is recorded; this thread is its client. The record
// begins and ends while the server sleeps in its loop with no connection open, so that it holds the whole
// life of one connection and nothing else.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "antiphon/app.hpp"
#include "antiphon/asio_style/http/serve.hpp"
#include "antiphon/cl_async_style/http/serve.hpp"
#include "recorder.hpp"
#include "symbols.hpp"

namespace antiphon::walk {

namespace {

constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
constexpr std::chrono::seconds hang_limit{10};

struct Started {
  std::uint16_t port = 0;
  pid_t thread = 0;
};

/// A server in a thread of its own, stopped at the end.
class Server {
 public:
  explicit Server(bool asio) {
    std::promise<Started> started;
    auto future = started.get_future();
    const auto listening = [&started](std::uint16_t port) {
      watch_this_thread();
      started.set_value({port, ::gettid()});
    };
    const auto stopper = [this](std::function<void()> stop) { stop_ = std::move(stop); };
    thread_ = std::thread([=] {
      if (asio)
        asio_style::serve("127.0.0.1", 0, app(),
                          {.handle_signals = false, .on_listening = listening, .on_stopper = stopper});
      else
        cl_async_style::serve("127.0.0.1", 0, app(),
                              {.handle_signals = false, .on_listening = listening, .on_stopper = stopper});
    });
    if (future.wait_for(hang_limit) != std::future_status::ready)
      throw std::runtime_error("the server did not listen");
    started_ = future.get();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    stop_();
    thread_.join();
  }
  [[nodiscard]] const Started& started() const noexcept { return started_; }

 private:
  Started started_;
  std::function<void()> stop_;
  std::thread thread_;
};

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

bool sleeps(pid_t thread) {
  std::ifstream in("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string text;
  std::getline(in, text);
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string::npos && text.size() > name_end + 2 && text[name_end + 2] == 'S';
}

/// Until the server sleeps and between two looks neither took a step nor opened or closed anything; with so
/// many descriptors open, if it is said how many.
void wait_until_idle(pid_t thread, std::optional<std::ptrdiff_t> wanted = {}) {
  const auto begun = std::chrono::steady_clock::now();
  std::size_t before = taken();
  std::ptrdiff_t open = open_descriptors();
  for (int quiet = 0; quiet < 20;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::ptrdiff_t now_open = open_descriptors();
    const bool same =
        taken() == before && sleeps(thread) && now_open == open && now_open == wanted.value_or(open);
    before = taken();
    open = now_open;
    quiet = same ? quiet + 1 : 0;
    if (std::chrono::steady_clock::now() - begun > hang_limit)
      throw std::runtime_error("the server did not come to rest");
  }
}

/// A client that gives the server time for each of its steps, so that no turn of the loop has two of them.
void get(const Started& server) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{hang_limit.count(), 0};
  ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string answer;
  if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    wait_until_idle(server.thread);
    if (::send(client, request.data(), request.size(), MSG_NOSIGNAL) == std::ssize(request)) {
      std::array<char, 4096> piece{};
      for (ssize_t size = 0; (size = ::recv(client, piece.data(), piece.size(), 0)) > 0;)
        answer.append(piece.data(), static_cast<std::size_t>(size));
    }
    wait_until_idle(server.thread);
  }
  ::close(client);
  if (!answer.starts_with("HTTP/1.1 200")) throw std::runtime_error("no answer, or a wrong one: " + answer);
}

nlohmann::json to_json(const std::string& style, const std::vector<Entry>& entries) {
  std::vector<std::uintptr_t> addresses;
  for (const Entry& each : entries) addresses.push_back(each.address);
  const auto symbols = look_up(addresses);
  const auto lowest =
      std::min_element(entries.begin(), entries.end(),
                       [](const Entry& one, const Entry& two) { return one.depth < two.depth; });
  nlohmann::json steps = nlohmann::json::array();
  for (const Entry& each : entries) {
    const Symbol& symbol = symbols.at(each.address);
    if (symbol.file.empty()) continue;
    steps.push_back({{"depth", each.depth - lowest->depth},
                     {"function", symbol.function},
                     {"file", symbol.file},
                     {"line", symbol.line}});
  }
  if (steps.empty()) throw std::runtime_error("no function of the repository was entered");
  return {{"schema", "antiphon-walk/1"},
          {"version", ANTIPHON_VERSION},
          {"style", style},
          {"request", "GET /"},
          {"steps", std::move(steps)}};
}

std::vector<Entry> record(bool asio) {
  const Server server(asio);
  get(server.started());  // once before, so that nothing is seen that happens only the first time
  const pid_t thread = server.started().thread;
  wait_until_idle(thread);
  const std::ptrdiff_t descriptors = open_descriptors();
  start();
  get(server.started());
  wait_until_idle(thread, descriptors);
  return stop();
}

void write(const std::string& file, const std::string& text) {
  if (file.empty()) {
    std::cout << text;
    return;
  }
  std::ofstream out(file + ".partial");
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file);
  std::filesystem::rename(file + ".partial", file);
}

int run(int argc, char** argv) {
  const std::string_view style = argc > 1 ? argv[1] : "";
  if (argc > 3 || (style != "asio" && style != "cl-async")) {
    std::cerr << "usage: antiphon-walk asio|cl-async [FILE]\n";
    return 2;
  }
  const std::vector<Entry> entries = record(style == "asio");
  write(argc > 2 ? argv[2] : "",
        to_json(style == "asio" ? "asio_style" : "cl_async_style", entries).dump(1) + "\n");
  return 0;
}

}  // namespace

}  // namespace antiphon::walk

int main(int argc, char** argv) {
  try {
    return antiphon::walk::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "antiphon-walk: " << error.what() << '\n';
    return 1;
  }
}
