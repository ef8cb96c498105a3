#include "stream_transport.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "sending.hpp"

namespace antiphon::asio_style::detail {

namespace {

constexpr const char* read_error = "Fatal read error on socket transport";
constexpr const char* write_error = "Fatal write error on socket transport";
// asyncio's LOG_THRESHOLD_FOR_CONNLOST_WRITES: the fifth write
// into the void is a bug in the protocol (AS-164).
constexpr std::uint32_t lost_writes_tolerated = 4;

bool is_os_error(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const OSError&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

// ---- life

std::shared_ptr<StreamTransport> StreamTransport::make(LoopCore& core, ConnectedSocket socket,
                                                       std::shared_ptr<BaseProtocol> protocol,
                                                       std::shared_ptr<ConnectionCount> count) {
  auto transport = std::make_shared<StreamTransport>(core, std::move(socket), std::move(count));
  transport->use(std::move(protocol));
  transport->begin();
  return transport;
}

StreamTransport::StreamTransport(LoopCore& core, ConnectedSocket socket,
                                 std::shared_ptr<ConnectionCount> count)
    : core_(&core),
      count_(std::move(count)),
      peer_(std::move(socket.peer)),
      local_(std::move(socket.local)),
      fd_(std::move(socket.fd)) {
  core_->watchers().join(*this);
}

StreamTransport::~StreamTransport() {
  if (core_ != nullptr) core_->watchers().leave(*this);
}

void StreamTransport::use(std::shared_ptr<BaseProtocol> protocol) {
  auto* plain = dynamic_cast<Protocol*>(protocol.get());
  auto* buffered = plain == nullptr ? dynamic_cast<BufferedProtocol*>(protocol.get()) : nullptr;
  if (plain == nullptr && buffered == nullptr) throw TypeError("a Protocol or a BufferedProtocol is needed");
  plain_ = plain;
  buffered_ = buffered;
  protocol_ = std::move(protocol);
}

void StreamTransport::begin() {
  if (count_) count_->attach();
  self_ = shared_from_this();
  core_->call_soon(
      [this] {
        phase_ = next(phase_, Step::begin);
        protocol_->connection_made(self_);
      },
      "connection_made");
  // A callback of its own: reading starts even if connection_made throws (AS-208).
  core_->call_soon([this] { watch(); }, "start of reading");
}

void StreamTransport::close() {
  if (is_closing()) return;
  phase_ = next(phase_, buffer_.empty() ? Step::close_empty : Step::close_buffered);
  watch();
  if (phase_ == Phase::losing) core_->call_soon([this] { tell_lost(); }, "connection_lost");
}

/// The short way out: nothing more is sent, connection_lost(cause)
/// comes in the next turn. The first cause counts (AS-211).
void StreamTransport::lose(std::exception_ptr cause) {
  if (!permits(phase_).takes_writes) return;
  phase_ = next(phase_, Step::drop);
  cause_ = std::move(cause);
  buffer_.release(*core_);
  watch();
  core_->call_soon([this] { tell_lost(); }, "connection_lost");
}

void StreamTransport::fatal(std::exception_ptr cause, const char* message) {
  if (!is_os_error(cause)) {
    report(cause, message);
  } else if (core_->debug) {
    core_->loop().log(LogLevel::debug, std::string(message) + ": " + describe(cause));  // AS-162
  }
  lose(std::move(cause));
}

void StreamTransport::tell_lost() {
  phase_ = next(phase_, Step::told);
  const auto keep = std::move(self_);
  // Also if connection_lost throws (AS-209): the socket goes, then the count, then the protocol.
  struct Farewell {
    StreamTransport& transport;
    ~Farewell() {
      transport.core_->selector().forget(transport.fd_.get());
      transport.fd_.reset();
      const auto protocol = std::exchange(transport.protocol_, nullptr);
      transport.cause_ = nullptr;
      if (const auto count = std::exchange(transport.count_, nullptr)) count->detach();
    }
  } const farewell{*this};
  protocol_->connection_lost(cause_);
}

void StreamTransport::loop_closed() {
  core_->selector().forget(fd_.get());
  buffer_.release(*core_);
  core_ = nullptr;
  phase_ = Phase::ended;
  fd_.reset();
  const auto keep = std::exchange(self_, nullptr);
  const auto protocol = std::exchange(protocol_, nullptr);
  const auto count = std::exchange(count_, nullptr);
}

void StreamTransport::report(std::exception_ptr exception, const char* message) {
  ExceptionContext context;
  context.message = message;
  context.exception = std::move(exception);
  context.transport = shared_from_this();
  context.protocol = protocol_;
  core_->loop().call_exception_handler(context);
}

/// Brings what the kernel reports into line with the phase.
void StreamTransport::watch() {
  if (phase_ == Phase::ended) return;
  const bool reads = permits(phase_).dr_er && !reading_paused_;
  const bool writes = !buffer_.empty();
  try {
    core_->selector().watch(fd_.get(), *this,
                            (reads ? Selector::read : 0U) | (writes ? Selector::write : 0U));
  } catch (const OSError&) {
    fatal(std::current_exception(), reads ? read_error : write_error);  // no memory in the kernel
  }
}

// ---- reading

template <class Call>
bool StreamTransport::ask(const char* failed, Call call) {
  try {
    call();
    return true;
  } catch (const SystemExit&) {
    throw;
  } catch (const KeyboardInterrupt&) {
    throw;
  } catch (...) {
    fatal(std::current_exception(), failed);
    return false;
  }
}

void StreamTransport::on_readable() {
  if (!permits(phase_).dr_er || reading_paused_) return;
  if (plain_ != nullptr) {
    receive();
  } else {
    receive_into_protocol();
  }
}

void StreamTransport::receive() {
  const auto buffer = core_->receive_buffer();
  // Once per event, even if more is there: the protocol may pause us,
  // and others want their turn too (AS-149).
  const ssize_t received = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (received > 0) {
    ask("Fatal error: protocol.data_received() call failed.",
        [&] { plain_->data_received(buffer.first(static_cast<std::size_t>(received))); });
  } else if (received == 0) {
    received_eof();
  } else if (!try_again(errno)) {
    fatal(make_os_error(errno), read_error);
  }
}

void StreamTransport::receive_into_protocol() {
  std::span<std::byte> buffer;
  const bool given = ask("Fatal error: protocol.get_buffer() call failed.", [&] {
    buffer = buffered_->get_buffer(-1);
    if (buffer.empty()) throw RuntimeError("get_buffer() returned an empty buffer");
  });
  // get_buffer may have closed the connection, or paused it.
  if (!given || !permits(phase_).dr_er || reading_paused_) return;
  const ssize_t received = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (received > 0) {
    ask("Fatal error: protocol.buffer_updated() call failed.",
        [&] { buffered_->buffer_updated(static_cast<std::size_t>(received)); });
  } else if (received == 0) {
    received_eof();
  } else if (!try_again(errno)) {
    fatal(make_os_error(errno), read_error);
  }
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

// ---- writing

/// The checks that come before any sending, in asyncio's order.
bool StreamTransport::may_write(std::size_t size) {
  if (eof_written_) throw RuntimeError("Cannot call write() after write_eof()");
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
    if (sent < 0) return fatal(make_os_error(errno), write_error);
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
  if (buffer_.empty() && !rest.send_now(fd_.get())) return fatal(make_os_error(errno), write_error);
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
  if (!permits(phase_).takes_writes || buffer_.empty()) return;
  const ssize_t sent = send_now(fd_.get(), buffer_.bytes());
  if (sent < 0) return fatal(make_os_error(errno), write_error);
  buffer_.consume(static_cast<std::size_t>(sent));
  const auto keep = self_;  // we may end below
  tell_flow(marks_.removed(buffer_.size()));
  // resume_writing may have written, closed or aborted;
  // a close in there found the buffer empty and queued the end (AS-140).
  if (!permits(phase_).takes_writes || !buffer_.empty()) return;
  buffer_.release(*core_);
  watch();
  if (phase_ == Phase::flushing) {
    phase_ = next(phase_, Step::flushed);
    tell_lost();  // directly, not in the next turn (AS-187)
  } else if (eof_written_ && ::shutdown(fd_.get(), SHUT_WR) != 0) {
    fatal(make_os_error(errno), write_error);
  }
}

void StreamTransport::write_eof() {
  if (is_closing() || eof_written_) return;
  eof_written_ = true;
  if (buffer_.empty() && ::shutdown(fd_.get(), SHUT_WR) != 0) throw_os_error(errno);  // AS-177
}

void StreamTransport::tell_flow(FlowSignal signal) {
  if (signal == FlowSignal::none || !protocol_) return;
  const bool pause = signal == FlowSignal::pause;
  try {
    if (pause) {
      protocol_->pause_writing();
    } else {
      protocol_->resume_writing();
    }
  } catch (const SystemExit&) {
    throw;
  } catch (const KeyboardInterrupt&) {
    throw;
  } catch (...) {
    report(std::current_exception(),
           pause ? "protocol.pause_writing() failed" : "protocol.resume_writing() failed");  // AS-135, AS-136
  }
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

// ---- the rest

void StreamTransport::set_protocol(std::shared_ptr<BaseProtocol> protocol) {
  if (phase_ == Phase::ended) return;
  auto replaced = protocol_;
  use(std::move(protocol));
  // A callback of the old one may be what called us: it must not die under its own feet.
  core_->call_soon([replaced = std::move(replaced)] {}, "set_protocol");
}

std::any StreamTransport::get_extra_info(std::string_view name, std::any fallback) const {
  if (name == "peername" && peer_.known()) return peer_.get();
  if (name == "sockname" && local_.known()) return local_.get();
  if (name == "socket") return TransportSocket(fd_.get());
  return fallback;
}

}  // namespace antiphon::asio_style::detail
