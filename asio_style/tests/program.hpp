#pragma once

#include <antiphon/test_support/program.hpp>
#include <cstdint>
#include <string>

namespace antiphon::asio_style::test {

/// One of the example programs.
class Program : public test_support::Program {
 public:
  template <class... Argument>
  explicit Program(const char* path, const Argument&... argument)
      : test_support::Program({path, argument...}, Errors::among_the_lines) {}
};

/// Of "listening on 127.0.0.1:80".
[[nodiscard]] inline std::uint16_t port_in(const std::string& line) {
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

}  // namespace antiphon::asio_style::test
