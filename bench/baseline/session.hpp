#pragma once

#include "parsers.hpp"
#include "server.hpp"

namespace antiphon::bench {

/// What a bare server does with a connection's octets, without I/O: echoes them, or answers what its parser
/// finds.
template <typename Parser>
class Session : public Answers {
 public:
  Session(Service service, http::DateCache& date) : Answers(date), parser_(*this), service_(service) {}

  /// Takes what was received; false if it is not HTTP. Until keep(), the octets must stay where they are.
  bool feed(std::string_view octets) {
    if (service_ == Service::http) return parser_.feed(octets);
    echo(octets);
    return true;
  }

 private:
  Parser parser_;
  Service service_;
};

/// Octets offered to one read: what the style on the same library offers.
inline constexpr std::size_t read_size_asio = 262144;
inline constexpr std::size_t read_size = 65536;

}  // namespace antiphon::bench
