/// The receiving half of StreamTransport.

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "guarded_call.hpp"
#include "sending.hpp"
#include "stream_transport.hpp"

namespace antiphon::asio_style::detail {

/// Calls a receiving callback; what it throws is fatal (AS-205 to AS-207). False then.
template <class Call>
bool StreamTransport::ask(const char* failed, Call call) {
  return guarded_call(call, [&](std::exception_ptr exc) { fatal(std::move(exc), failed); });
}

bool StreamTransport::on_readable() {
  if (!permits(phase_).dr_er || reading_paused_) return false;
  return plain_ != nullptr ? receive() : receive_into_protocol();
}

bool StreamTransport::receive() {
  const auto buffer = core_->receive_buffer();
  // Once per event, even if more is there: the protocol may pause us,
  // and others want their turn too (AS-149).
  const ssize_t received = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (received <= 0) return received_nothing(received);
  const auto size = static_cast<std::size_t>(received);
  ask("Fatal error: protocol.data_received() call failed.",
      [&] { plain_->data_received(buffer.first(size)); });
  return size < buffer.size();
}

bool StreamTransport::receive_into_protocol() {
  std::span<std::byte> buffer;
  const bool given = ask("Fatal error: protocol.get_buffer() call failed.", [&] {
    buffer = buffered_->get_buffer(-1);
    if (buffer.empty()) throw RuntimeError("get_buffer() returned an empty buffer");
  });
  // get_buffer may have closed the connection, paused it, or set a plain protocol, whose the octets are now.
  if (!given || !permits(phase_).dr_er || reading_paused_ || buffered_ == nullptr) return false;
  const ssize_t received = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (received <= 0) return received_nothing(received);
  const auto size = static_cast<std::size_t>(received);
  ask("Fatal error: protocol.buffer_updated() call failed.", [&] { buffered_->buffer_updated(size); });
  return size < buffer.size();
}

/// An end of file, an error with its errno, or a false alarm.
bool StreamTransport::received_nothing(ssize_t result) {
  if (result == 0) {
    received_eof();
  } else if (!try_again(errno)) {
    fatal(make_os_error(errno), fatal_read_error);
  }
  return false;
}

void StreamTransport::received_eof() {
  bool keep_open = false;
  const bool answered = ask("Fatal error: protocol.eof_received() call failed.", [&] {
    keep_open = plain_ != nullptr ? plain_->eof_received() : buffered_->eof_received();
  });
  if (!answered) return;
  if (!keep_open) return close();  // a no-op if the protocol did it, whatever it returned (AS-184)
  phase_ = next(phase_, Step::keep_after_eof);
  watch();
}

void StreamTransport::pause_reading() {
  if (is_closing() || reading_paused_) return;
  reading_paused_ = true;
  if (phase_ != Phase::made) watch();
}

void StreamTransport::resume_reading() {
  if (is_closing() || !reading_paused_) return;
  reading_paused_ = false;
  if (phase_ != Phase::made) watch();
}

}  // namespace antiphon::asio_style::detail
