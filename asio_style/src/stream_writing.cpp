/// The sending half of StreamTransport: writes, files, flow control.

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "file_sending.hpp"
#include "guarded_call.hpp"
#include "sending.hpp"
#include "stream_transport.hpp"

namespace antiphon::asio_style::detail {

namespace {

// asyncio's LOG_THRESHOLD_FOR_CONNLOST_WRITES: the fifth write into the void is a bug in the protocol
// (AS-164).
constexpr std::uint32_t lost_writes_tolerated = 4;

}  // namespace

/// The checks that come before any sending, in asyncio's order.
bool StreamTransport::may_write(std::size_t size) {
  if (eof_written_) throw RuntimeError("Cannot call write() after write_eof()");
  if (file_ != nullptr) throw RuntimeError("unable to write; sendfile is in progress");  // AS-157
  if (size == 0) return false;
  if (permits(phase_).takes_writes) return true;
  if (++lost_writes_ > lost_writes_tolerated && core_ != nullptr) {
    core_->loop().log(LogLevel::warning, "socket.send() raised exception.");
  }
  return false;
}

void StreamTransport::write(std::span<const std::byte> data) {
  if (!may_write(data.size())) return;
  if (buffer_.empty()) {
    const ssize_t sent = send_now(fd_.get(), data);
    if (sent < 0) return fatal(make_os_error(errno), fatal_write_error);
    data = data.subspan(static_cast<std::size_t>(sent));
    if (data.empty()) return;
  }
  keep_for_later(data);
  tell_flow(marks_.added(buffer_.size()));
}

void StreamTransport::writelines(std::span<const std::span<const std::byte>> parts) {
  std::size_t total = 0;
  for (const auto& part : parts) total += part.size();
  if (!may_write(total)) return;
  Parts rest(parts);
  if (buffer_.empty() && !rest.send_now(fd_.get())) return fatal(make_os_error(errno), fatal_write_error);
  if (rest.empty()) return;
  for (; !rest.empty(); rest.pop_front()) keep_for_later(rest.front());
  tell_flow(marks_.added(buffer_.size()));
}

void StreamTransport::keep_for_later(std::span<const std::byte> data) {
  if (data.empty() || !permits(phase_).takes_writes) return;  // the first part may have met a full kernel
  const bool first = buffer_.empty();
  buffer_.append(*core_, data);
  if (first) watch();
}

void StreamTransport::on_writable() {
  if (!permits(phase_).takes_writes) return;
  const auto keep = self_;  // we may end in there
  if (!buffer_.empty()) {
    send_buffer();
  } else if (file_waits()) {
    send_file();
  }
}

/// One offer of all that waits (AS-169), then what follows from it.
void StreamTransport::send_buffer() {
  const ssize_t sent = send_now(fd_.get(), buffer_.bytes());
  if (sent < 0) return fatal(make_os_error(errno), fatal_write_error);
  buffer_.consume(static_cast<std::size_t>(sent));
  tell_flow(marks_.removed(buffer_.size()));
  // resume_writing may have written, closed or aborted;
  // a close in there found the buffer empty and queued the end (AS-140).
  if (!permits(phase_).takes_writes || !buffer_.empty()) return;
  buffer_.release(*core_);
  watch();
  if (phase_ == Phase::flushing) {
    phase_ = next(phase_, Step::flushed);
    tell_lost();  // directly, not in the next turn (AS-187)
  } else {
    end_direction();
  }
}

void StreamTransport::write_eof() {
  if (is_closing() || eof_written_) return;
  eof_written_ = true;
  if (!buffer_.empty() || file_waits()) return;
  if (::shutdown(fd_.get(), SHUT_WR) != 0) throw_os_error(errno);  // AS-177
}

/// Nothing waits any more: the moment for a write_eof that had to (AS-172).
void StreamTransport::end_direction() {
  if (!eof_written_ || file_waits()) return;
  if (::shutdown(fd_.get(), SHUT_WR) != 0) fatal(make_os_error(errno), fatal_write_error);
}

// ---- a file

bool StreamTransport::file_waits() const {
  return file_ != nullptr && !file_->done.done();
}

void StreamTransport::send_file() {
  if (!file_->step(fd_.get())) {
    const int error = errno;
    file_->done.set_exception(make_os_error(error));
    if (FileSending::is_of_the_file(error)) return watch();
    return fatal(make_os_error(error), fatal_write_error);
  }
  if (file_->left == 0) file_->done.set_result();
  watch();
  end_direction();
}

StreamTransport::SendingFile::SendingFile(StreamTransport& transport, FileSending& sending)
    : transport_(transport) {
  if (transport.file_ != nullptr) throw RuntimeError("sendfile is in progress on this transport already");
  if (transport.eof_written_) throw RuntimeError("Cannot call write() after write_eof()");  // AS-156
  transport.file_ = &sending;
  if (!transport.buffer_.empty()) return;  // its turn comes when that is sent (AS-256)
  transport.send_file();
}

StreamTransport::SendingFile::~SendingFile() {
  transport_.file_ = nullptr;
  transport_.watch();
}

// ---- flow control

void StreamTransport::tell_flow(FlowSignal signal) {
  if (signal == FlowSignal::none || !protocol_) return;
  const bool pause = signal == FlowSignal::pause;
  guarded_call([&] { pause ? protocol_->pause_writing() : protocol_->resume_writing(); },
               [&](std::exception_ptr exc) {  // AS-135, AS-136
                 report(std::move(exc),
                        pause ? "protocol.pause_writing() failed" : "protocol.resume_writing() failed");
               });
}

void StreamTransport::set_write_buffer_limits(std::optional<std::size_t> high,
                                              std::optional<std::size_t> low) {
  FlowSignal signal = FlowSignal::none;
  try {
    signal = marks_.set(high, low, buffer_.size());
  } catch (const std::invalid_argument& wrong) {
    throw ValueError(wrong.what());
  }
  tell_flow(signal);
}

std::pair<std::size_t, std::size_t> StreamTransport::get_write_buffer_limits() const {
  return {marks_.low(), marks_.high()};
}

}  // namespace antiphon::asio_style::detail
