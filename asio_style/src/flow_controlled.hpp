#pragma once

namespace antiphon::asio_style::detail {

/// A transport that knows whether its protocol was told to pause writing and not yet to resume.
class FlowControlled {
 public:
  [[nodiscard]] virtual bool protocol_paused() const noexcept = 0;

 protected:
  ~FlowControlled() = default;
};

}  // namespace antiphon::asio_style::detail
