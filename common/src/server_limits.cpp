#include "antiphon/http/server_limits.hpp"

#include <stdexcept>
#include <string>

namespace antiphon::http {

void ServerLimits::check() const {
  const auto demand = [](bool above_zero, const char* name) {
    if (!above_zero) throw std::invalid_argument(std::string(name) + " must be above 0");
  };
  demand(request_timeout.count() > 0, "request_timeout");
  demand(body_timeout.count() > 0, "body_timeout");
  demand(keep_alive_timeout.count() > 0, "keep_alive_timeout");
  demand(response_timeout.count() > 0, "response_timeout");
  demand(linger_timeout.count() > 0, "linger_timeout");
  demand(parser.head > 0, "the limit of a head");
  demand(parser.target > 0, "the limit of a target");
  demand(parser.fields > 0, "the limit of fields");
  demand(parser.body > 0, "the limit of a body");
  demand(pipelined > 0, "the limit of pipelined octets");
  demand(connections > 0, "the limit of connections");
}

}  // namespace antiphon::http
