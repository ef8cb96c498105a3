#include "peer.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "peer_socket.hpp"

namespace antiphon::conformance {

namespace {

/// Takes away every descriptor number that a process has not used yet, and gives them back.
class DescriptorLimit {
 public:
  DescriptorLimit() = default;
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { lift(); }

  void set(int process) {
    process_ = process;
    std::set<std::uint64_t> open;
    const std::string id = process == 0 ? "self" : std::to_string(process);
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + id + "/fd"))
      open.insert(std::stoull(entry.path().filename().string()));
    std::uint64_t free = 0;  // the limit is on numbers, so the lowest free one is what may not be given
    while (open.contains(free)) ++free;
    if (::prlimit(process_, RLIMIT_NOFILE, nullptr, &before_) != 0) throw HarnessError("prlimit failed");
    const rlimit now{free, before_.rlim_max};
    if (::prlimit(process_, RLIMIT_NOFILE, &now, nullptr) != 0) throw HarnessError("prlimit failed");
    limited_ = true;
  }
  void lift() {
    if (std::exchange(limited_, false)) ::prlimit(process_, RLIMIT_NOFILE, &before_, nullptr);
  }

 private:
  int process_ = 0;
  rlimit before_{};
  bool limited_ = false;
};

class Peer {
 public:
  Peer(const Stage& stage, PeerRecord& record) : stage_(stage), record_(record) {}

  void step(const Json& step) {
    const std::string verb = step.at(0);
    std::size_t seen = stage_.log.told();
    if (!connection(verb, step) && !octets(verb, step) && !kit(verb, step))
      throw HarnessError("unknown step of the peer: " + step.dump());
    if (verb == "wait_event" || verb == "drain") seen = stage_.log.told();
    // How much the server had told, so that a drawing can set the step between its events.
    Json done = {{"step", step}, {"seen", seen}};
    if (verb == "read" || verb == "read_until_eof") done["read"] = record_.read;
    if (!record_.end.empty()) done["end"] = record_.end;
    record_.steps.push_back(std::move(done));
  }

 private:
  bool connection(const std::string& verb, const Json& step) {
    if (verb == "connect") {
      if (sockets_.empty() || sockets_[current_]->connected()) add_socket();
      connect();
    } else if (verb == "connect_many") {
      for (int i = 0; i < step.at(1).get<int>(); ++i) {
        add_socket();
        connect();
        if (stage_.endpoint.transport == "tls") handshake();
      }
    } else if (verb == "expect_refused") {
      PeerSocket other(stage_.endpoint, stage_.limit);
      if (other.connect()) record_.connected_anyway = true;
    } else if (verb == "handshake") {
      handshake();
    } else if (verb == "shutdown_write" || verb == "close_notify") {
      socket().shutdown_write();
    } else if (verb == "truncate") {
      socket().truncate();
    } else if (verb == "rst") {
      socket().reset();
      if (first()) record_.aborted = true;
    } else if (verb == "close") {
      if (first() && socket().has_unread()) record_.aborted = true;
      socket().close();
    } else if (verb == "close_all") {
      for (const auto& each : sockets_) each->close();
    } else {
      return false;
    }
    return true;
  }
  bool octets(const std::string& verb, const Json& step) {
    if (verb == "send") {
      std::uint64_t& sent = first() ? record_.sent : other_sent_;
      sent += socket().send(stream_octets(sent, step.at(1)));
    } else if (verb == "send_text") {
      static_cast<void>(socket().send(step.at(1).get<std::string>()));
    } else if (verb == "read") {
      read(step.at(1));
    } else if (verb == "read_until_eof") {
      read(std::numeric_limits<std::uint64_t>::max());
    } else if (verb == "read_available") {
      socket().wait_for_input(false);
      while (record_.end.empty() && read_once(buffer_.size(), record_) > 0) {
      }
      socket().wait_for_input(true);
    } else if (verb == "set_rcvbuf") {
      socket().set(SO_RCVBUF, step.at(1).get<int>());
      small_window_ = true;
    } else if (verb == "set_sndbuf") {
      socket().set(SO_SNDBUF, step.at(1).get<int>());
    } else {
      return false;
    }
    return true;
  }
  bool kit(const std::string& verb, const Json& step) {
    if (verb == "sleep_ms") {
      std::this_thread::sleep_for(std::chrono::milliseconds(step.at(1).get<int>()));
    } else if (verb == "wait_event") {
      wait(step.at(1), step.size() > 2 ? step.at(2).get<int>() : 1);
    } else if (verb == "act") {
      stage_.log.add({"act", step.at(1), -1, {{"do", step.at(2)}}});
      stage_.target.act(step.at(1), step.at(2));
    } else if (verb == "drain") {
      static_cast<void>(stage_.target.drain());
    } else if (verb == "stop") {
      stage_.target.stop();
    } else if (verb == "stop_loop") {
      record_.loop_hung = !stage_.target.end();
    } else if (verb == "peer") {
      current_ = step.at(1);
    } else if (verb == "limit_descriptors") {
      static_cast<void>(socket());
      limit_.set(stage_.target.process());
    } else if (verb == "free_descriptors") {
      limit_.lift();
    } else {
      return false;
    }
    return true;
  }

  PeerSocket& socket() {
    if (sockets_.empty()) add_socket();
    return *sockets_.at(current_);
  }
  void add_socket() {
    sockets_.push_back(std::make_unique<PeerSocket>(stage_.endpoint, stage_.limit));
    current_ = sockets_.size() - 1;
  }
  [[nodiscard]] bool first() const noexcept { return current_ == 0; }

  void connect() {
    record_.refused = !socket().connect();
    if (record_.refused) throw HarnessError("the peer's connect was refused");
  }
  void handshake() {
    std::string end;
    socket().handshake(first() ? record_.end : end);
  }
  void read(std::uint64_t size) {
    PeerRecord other;
    PeerRecord& record = first() ? record_ : other;
    while (size > 0 && record.end.empty()) size -= read_once(size, record);
  }
  std::uint64_t read_once(std::uint64_t size, PeerRecord& record) {
    // A small window was to stop the server; through it, megabytes would take seconds to read. It must stay
    // so small that with the server's own buffer (at most 4 MiB) it holds less than scenarios write.
    if (std::exchange(small_window_, false)) socket().set(SO_RCVBUF, 256 << 10);
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer_.size()));
    const std::string_view octets = socket().receive(std::span(buffer_).first(want), record.end);
    const std::size_t wrong = first_difference(octets, record.read);
    if (wrong != std::string_view::npos && record.wrong_at < 0)
      record.wrong_at = static_cast<std::int64_t>(record.read + wrong);
    record.read += octets.size();
    return octets.size();
  }
  /// "PW", or "note:text".
  void wait(const std::string& what, int times) {
    const bool told = stage_.log.wait(
        [&](const Trace& trace) {
          return std::count_if(trace.begin(), trace.end(), [&](const Event& event) {
                   return event.kind == what ||
                          (event.kind == "note" && "note:" + event.text("text") == what);
                 }) >= times;
        },
        stage_.limit);
    if (!told) throw HarnessError("the server never told of " + what + " number " + std::to_string(times));
  }

  const Stage& stage_;
  PeerRecord& record_;
  std::vector<std::unique_ptr<PeerSocket>> sockets_;
  std::size_t current_ = 0;
  std::uint64_t other_sent_ = 0;
  bool small_window_ = false;
  std::vector<char> buffer_ = std::vector<char>(65536);
  DescriptorLimit limit_;
};

}  // namespace

void run_peer(const Json& steps, const Stage& stage, PeerRecord& record) {
  Peer peer(stage, record);
  try {
    for (const Json& step : steps) peer.step(step);
  } catch (const HarnessError&) {
    record.seen_at_hang = stage.log.trace();  // before the peer's sockets close and the server is told of it
    throw;
  }
}

Json steps_for(const std::string& transport, const Json& steps) {
  const auto is = [](const Json& step, std::initializer_list<const char*> verbs) {
    return std::any_of(verbs.begin(), verbs.end(), [&](const char* verb) { return step[0] == verb; });
  };
  const bool itself = std::any_of(steps.begin(), steps.end(), [&](const Json& step) {
    return is(step, {"handshake", "close_notify", "truncate"});
  });
  if (transport != "tls" || itself) return steps;
  Json made = Json::array();
  for (const Json& step : steps) {
    made.push_back(step);
    if (is(step, {"connect"})) made.push_back(Json::array({"handshake"}));
  }
  return made;
}

}  // namespace antiphon::conformance
