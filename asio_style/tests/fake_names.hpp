#pragma once

#include <map>
#include <string>
#include <vector>

namespace antiphon::asio_style::test {

/// Names that resolve as a test says, in the order given, to numeric addresses; an empty list is an answer
/// without a line. getaddrinfo of this program asks here first.
extern std::map<std::string, std::vector<std::string>> fake_names;

/// How often getaddrinfo was called since the program began.
[[nodiscard]] int resolver_calls();

}  // namespace antiphon::asio_style::test
