#include "ssl_transport.hpp"

#include <array>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "ssl_protocol.hpp"

namespace antiphon::asio_style::detail {

void SSLTransport::write(std::span<const std::byte> data) {
  const std::array parts{data};
  protocol_.write(parts);
}

void SSLTransport::writelines(std::span<const std::span<const std::byte>> parts) {
  protocol_.write(parts);
}

void SSLTransport::write_eof() {
  throw NotImplementedError("");
}

void SSLTransport::close() {
  protocol_.close();
}

void SSLTransport::abort() {
  protocol_.abort();
}

bool SSLTransport::is_closing() const {
  return permits(protocol_.phase_).is_closing;
}

void SSLTransport::pause_reading() {
  protocol_.pause_reading();
}

void SSLTransport::resume_reading() {
  protocol_.resume_reading();
}

bool SSLTransport::is_reading() const {
  return !protocol_.reading_paused_ && !is_closing();
}

void SSLTransport::set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) {
  protocol_.set_limits(high, low);
}

std::pair<std::size_t, std::size_t> SSLTransport::get_write_buffer_limits() const {
  return {protocol_.marks_.low(), protocol_.marks_.high()};
}

std::size_t SSLTransport::get_write_buffer_size() const {
  return protocol_.write_buffer_size();
}

void SSLTransport::set_protocol(std::shared_ptr<BaseProtocol> protocol) {
  protocol_.set_app_protocol(std::move(protocol));
}

std::shared_ptr<BaseProtocol> SSLTransport::get_protocol() const {
  return protocol_.app_;
}

std::any SSLTransport::get_extra_info(std::string_view name, std::any fallback) const {
  if (name == "sslcontext") return protocol_.context_;
  if (protocol_.engine_->handshake_done()) {  // AS-218
    const SSLObject object(protocol_.engine_);
    if (name == "ssl_object") return object;
    if (name == "compression") return {};  // None: there is none
    if (name == "cipher") {
      const auto cipher = object.cipher();
      return cipher ? std::any(*cipher) : std::any();
    }
    if (name == "peercert") {
      const auto certificate = object.getpeercert();
      return certificate ? std::any(*certificate) : std::any();
    }
  }
  return protocol_.lower_ ? protocol_.lower_->get_extra_info(name, std::move(fallback)) : fallback;
}

bool SSLTransport::protocol_paused() const noexcept {
  return protocol_.marks_.paused();
}

void SSLTransport::force_close(std::exception_ptr cause) {
  protocol_.force_close(std::move(cause));
}

}  // namespace antiphon::asio_style::detail
