#pragma once

#include <exception>

namespace antiphon::asio_style::detail {

/// A transport that TLS can lie on: start_tls takes no other (AS-248).
class CarriesTls {
 public:
  /// As abort, with a reason: nothing more is sent, connection_lost(cause) follows.
  virtual void force_close(std::exception_ptr cause) = 0;
  /// Whether it hands its octets over in the loop's receive buffer, which nobody else uses meanwhile.
  [[nodiscard]] virtual bool reads_from_socket() const noexcept = 0;

 protected:
  ~CarriesTls() = default;
};

}  // namespace antiphon::asio_style::detail
