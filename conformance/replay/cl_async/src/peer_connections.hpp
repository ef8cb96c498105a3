#pragma once

#include <map>
#include <string>

#include "peer_connection.hpp"

namespace antiphon::conformance::cl_async {

/// The peer's connections by name: {"c": "c2"}.
class PeerConnections {
 public:
  PeerConnection& operator[](const std::string& name) { return connections_[name]; }
  void close_all() { connections_.clear(); }

 private:
  std::map<std::string, PeerConnection> connections_;
};

}  // namespace antiphon::conformance::cl_async
