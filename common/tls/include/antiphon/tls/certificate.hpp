#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace antiphon::tls {

/// A certificate as a value: what Python's getpeercert() tells, and the octets for everything else.
struct Certificate {
  using Names = std::vector<std::pair<std::string, std::string>>;

  Names subject;            ///< {"commonName", "example.org"}, in the certificate's order
  Names issuer;             ///< as subject
  Names subject_alt_names;  ///< {"DNS", "example.org"}, {"IP Address", "127.0.0.1"}, {"URI", ...}, {"email",
                            ///< ...}
  std::string serial_number;     ///< hexadecimal, upper case
  std::string not_before;        ///< "Jan  5 09:34:43 2026 GMT"
  std::string not_after;         ///< as not_before
  int version = 3;               ///< counted from 1
  std::vector<std::byte> der{};  ///< the whole certificate
};

}  // namespace antiphon::tls
