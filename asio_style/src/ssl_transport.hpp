#pragma once

#include "antiphon/asio_style/transport.hpp"
#include "carries_tls.hpp"
#include "flow_controlled.hpp"

namespace antiphon::asio_style::detail {

class SSLProtocol;

/// What the application holds of a TLS connection: a part of its SSLProtocol, and kept with it.
class SSLTransport final : public Transport, public FlowControlled, public CarriesTls {
 public:
  explicit SSLTransport(SSLProtocol& protocol) : protocol_(protocol) {}

  using Transport::write;
  using Transport::writelines;
  void write(std::span<const std::byte> data) override;
  void writelines(std::span<const std::span<const std::byte>> parts) override;
  /// TLS has no half-closed connections (AS-237).
  void write_eof() override;
  [[nodiscard]] bool can_write_eof() const override { return false; }
  void close() override;
  void abort() override;
  [[nodiscard]] bool is_closing() const override;
  void pause_reading() override;
  void resume_reading() override;
  [[nodiscard]] bool is_reading() const override;
  void set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) override;
  [[nodiscard]] std::pair<std::size_t, std::size_t> get_write_buffer_limits() const override;
  [[nodiscard]] std::size_t get_write_buffer_size() const override;
  void set_protocol(std::shared_ptr<BaseProtocol> protocol) override;
  [[nodiscard]] std::shared_ptr<BaseProtocol> get_protocol() const override;
  [[nodiscard]] std::any get_extra_info(std::string_view name, std::any fallback) const override;

  [[nodiscard]] bool protocol_paused() const noexcept override;
  void force_close(std::exception_ptr cause) override;
  [[nodiscard]] bool reads_from_socket() const noexcept override { return false; }

 private:
  SSLProtocol& protocol_;
};

}  // namespace antiphon::asio_style::detail
