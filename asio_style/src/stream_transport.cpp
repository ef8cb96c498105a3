#include "stream_transport.hpp"

#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "file_sending.hpp"
#include "is_os_error.hpp"
#include "receiver.hpp"

namespace antiphon::asio_style::detail {

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
  const auto receiver = receiver_of(protocol.get());
  plain_ = receiver.plain;
  buffered_ = receiver.buffered;
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
      if (transport.file_waits()) {  // AS-262
        transport.file_->done.set_exception(
            std::make_exception_ptr(ConnectionError(0, "Connection is closed by peer")));
      }
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
  const bool writes = !buffer_.empty() || (permits(phase_).takes_writes && file_waits());
  try {
    core_->selector().watch(fd_.get(), *this,
                            (reads ? Selector::read : 0U) | (writes ? Selector::write : 0U));
  } catch (const OSError&) {
    fatal(std::current_exception(), reads ? fatal_read_error : fatal_write_error);  // no memory in the kernel
  }
}

// ---- the rest

void StreamTransport::set_protocol(std::shared_ptr<BaseProtocol> protocol) {
  if (!protocol_) return;  // connection_lost has returned
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
