#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "server.hpp"

namespace antiphon::wookie_replay {

/// Plays a trace's peer script against a server. What a step reads is waited for as long as it differs from
/// `expected`, up to a limit that only a hang or a failure meets.
class peer {
 public:
  explicit peer(server& other) : server_(other) {}
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer();

  /// {"responses": [...], "end": "eof"} of a step that reads, null of any other; "problem" if something is
  /// wrong with it. Throws std::invalid_argument for a step that is not known.
  nlohmann::json play(const nlohmann::json& step, const nlohmann::json& expected);
  /// What came that no step has read; empty as it should be.
  std::string left_over();

 private:
  struct connection {
    int fd = -1;
    std::string received{};
    std::string end{};
  };
  connection& of(const nlohmann::json& options);
  void connect(connection& one) const;
  nlohmann::json read(connection& one, const nlohmann::json& expected, bool to_eof) const;

  server& server_;
  std::map<std::string, connection> connections_;
  int receive_buffer_ = 0;
};

}  // namespace antiphon::wookie_replay
