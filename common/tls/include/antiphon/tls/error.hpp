#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace antiphon::tls {

enum class ErrorKind : std::uint8_t {
  protocol,     ///< the peer, or what sits in between, does not speak TLS as it must; or it sent an alert
  certificate,  ///< the peer's certificate is not to be trusted, or is not for the name that was asked for
  truncated,    ///< the octets ended without close_notify: what came before may not be all
};

/// What went wrong, in the words of OpenSSL and in the shape that Python's ssl module made known.
struct Error {
  ErrorKind kind = ErrorKind::protocol;
  std::string library;  ///< "SSL", "X509", "PEM"; empty if OpenSSL named none
  std::string reason;   ///< "WRONG_VERSION_NUMBER"; empty if OpenSSL named none
  std::string text;     ///< "wrong version number"

  /// "[SSL: WRONG_VERSION_NUMBER] wrong version number".
  [[nodiscard]] std::string message() const;
};

/// A context can't be set up as asked. what() names the file or the setting.
class ContextError : public std::runtime_error {
 public:
  ContextError(const std::string& message, std::string file, int error_number, Error detail)
      : std::runtime_error(message),
        file_(std::move(file)),
        error_number_(error_number),
        detail_(std::move(detail)) {}

  /// The file that could not be used; empty if none is to blame.
  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  /// errno if the file could not be read, else 0.
  [[nodiscard]] int error_number() const noexcept { return error_number_; }
  /// OpenSSL's own reason, without the file.
  [[nodiscard]] const Error& detail() const noexcept { return detail_; }

 private:
  std::string file_;
  int error_number_;
  Error detail_;
};

}  // namespace antiphon::tls
