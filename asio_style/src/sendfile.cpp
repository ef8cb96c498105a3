#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/event_loop.hpp"
#include "carries_tls.hpp"
#include "file_sending.hpp"
#include "flow_controlled.hpp"
#include "stream_transport.hpp"

namespace antiphon::asio_style {

namespace {

constexpr std::uint64_t fallback_block = std::uint64_t{16} * 1024;  // AS-261

/// The size of `file`, which must be of the kind that sendfile(2) takes on every system.
std::int64_t size_of(int file) {
  struct stat found {};
  if (::fstat(file, &found) != 0) throw_os_error(errno);
  if (!S_ISREG(found.st_mode)) {
    throw ValueError("file must be a regular file, descriptor " + std::to_string(file) + " is none");
  }
  return found.st_size;
}

void check_arguments(const Transport& transport, const SendfileOptions& options) {
  if (transport.is_closing()) throw RuntimeError("Transport is closing");  // AS-257
  if (options.count && *options.count <= 0) {
    throw ValueError("count must be a positive integer (got " + std::to_string(*options.count) + ")");
  }
  if (options.offset < 0) {
    throw ValueError("offset must be a non-negative integer (got " + std::to_string(options.offset) + ")");
  }
}

/// The octets of the range that the file has.
std::uint64_t available(int file, const SendfileOptions& options) {
  const auto size = std::max<std::int64_t>(size_of(file) - options.offset, 0);
  return static_cast<std::uint64_t>(std::min(size, options.count.value_or(size)));
}

/// Moves the file's position behind what was sent, also if sending ended early (AS-259).
class Position {
 public:
  Position(int file, std::int64_t offset) : file_(file), offset_(offset) {}
  Position(const Position&) = delete;
  Position& operator=(const Position&) = delete;
  ~Position() {
    if (sent > 0) ::lseek(file_, offset_ + static_cast<std::int64_t>(sent), SEEK_SET);
  }
  std::uint64_t sent = 0;

 private:
  int file_;
  std::int64_t offset_;
};

/// Pauses reading for as long as it lives, if it was not paused (AS-260).
class ReadingPaused {
 public:
  explicit ReadingPaused(std::shared_ptr<Transport> transport)
      : transport_(std::move(transport)), was_reading_(transport_->is_reading()) {
    transport_->pause_reading();
  }
  ReadingPaused(const ReadingPaused&) = delete;
  ReadingPaused& operator=(const ReadingPaused&) = delete;
  ~ReadingPaused() {
    if (was_reading_) transport_->resume_reading();
  }

 private:
  std::shared_ptr<Transport> transport_;
  bool was_reading_;
};

/// By the kernel: the transport sends the file behind its buffer.
Task<std::uint64_t> send_native(EventLoop& loop, std::shared_ptr<detail::StreamTransport> transport, int file,
                                SendfileOptions options) {
  const std::uint64_t size = available(file, options);
  if (size == 0) co_return 0;
  const ReadingPaused paused(transport);
  Position position(file, options.offset);
  detail::FileSending sending(loop, file, options.offset, size, position.sent);
  const detail::StreamTransport::SendingFile scope(*transport, sending);
  co_await sending.done;
  co_return position.sent;
}

/// Stands in for the protocol while blocks are read and written: it only minds the flow control.
class FallbackProtocol final : public Protocol {
 public:
  FallbackProtocol(EventLoop& loop, std::shared_ptr<BaseProtocol> behind)
      : loop_(&loop), behind_(std::move(behind)) {}

  void pause_writing() override {
    if (!writable_) writable_.emplace(*loop_);
  }
  void resume_writing() override {
    if (const auto waiting = std::exchange(writable_, std::nullopt)) waiting->set_result();
  }
  void connection_lost(std::exception_ptr exc) override {
    if (const auto waiting = std::exchange(writable_, std::nullopt)) {
      waiting->set_exception(
          exc ? exc : std::make_exception_ptr(ConnectionError(ENOTCONN, "Connection is closed by peer")));
    }
    behind_->connection_lost(std::move(exc));
  }
  /// None: may write.
  [[nodiscard]] const std::optional<Future<>>& writable() const noexcept { return writable_; }
  [[nodiscard]] bool paused() const noexcept { return writable_.has_value(); }

 private:
  EventLoop* loop_;
  std::shared_ptr<BaseProtocol> behind_;
  std::optional<Future<>> writable_;
};

/// Puts the stand-in in the protocol's place, and takes it out again.
class StandIn {
 public:
  StandIn(EventLoop& loop, std::shared_ptr<Transport> transport)
      : transport_(std::move(transport)),
        owner_(transport_->get_protocol()),
        protocol(std::make_shared<FallbackProtocol>(loop, owner_)) {
    const auto* flow = dynamic_cast<const detail::FlowControlled*>(transport_.get());
    owner_paused_ = flow != nullptr && flow->protocol_paused();
    if (owner_paused_) protocol->pause_writing();
    transport_->set_protocol(protocol);
  }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  /// Not in the destructor: resume_writing may throw.
  void leave() {
    if (!transport_->get_protocol()) return;  // the connection is lost, and the owner was told
    transport_->set_protocol(owner_);
    // The owner must see pauses and resumptions in pairs, whatever the stand-in saw of them.
    if (protocol->paused() && !owner_paused_) owner_->pause_writing();
    if (!protocol->paused() && owner_paused_) owner_->resume_writing();
  }

 private:
  std::shared_ptr<Transport> transport_;
  std::shared_ptr<BaseProtocol> owner_;
  bool owner_paused_ = false;

 public:
  std::shared_ptr<FallbackProtocol> protocol;
};

/// `wanted` octets at `offset`; fewer at the end of the file.
std::vector<std::byte> read_block(int file, std::int64_t offset, std::uint64_t wanted) {
  std::vector<std::byte> block(wanted);
  const ssize_t count = ::pread(file, block.data(), block.size(), offset);
  if (count < 0) throw_os_error(errno);
  block.resize(static_cast<std::size_t>(count));
  return block;
}

Task<void> copy_blocks(EventLoop& loop, std::shared_ptr<Transport> transport,
                       std::shared_ptr<FallbackProtocol> protocol, int file, SendfileOptions options,
                       std::uint64_t& sent) {
  for (;;) {
    // AS-261: blocks, under the transport's flow control.
    const auto left = options.count ? static_cast<std::uint64_t>(*options.count) - sent : fallback_block;
    if (left == 0) co_return;
    const auto at = options.offset + static_cast<std::int64_t>(sent);
    const auto reading =
        loop.run_in_executor([=] { return read_block(file, at, std::min(left, fallback_block)); });
    const auto block = co_await reading;
    if (block.empty()) co_return;
    if (transport->is_closing()) throw ConnectionError(ENOTCONN, "Connection closed by peer");
    // Paused with nothing waiting (AS-240): nothing is on its way that would resume.
    if (protocol->paused() && transport->get_write_buffer_size() > 0) {
      const auto writable = *protocol->writable();
      co_await writable;
    }
    transport->write(block);
    sent += block.size();
  }
}

Task<std::uint64_t> send_blocks(EventLoop& loop, std::shared_ptr<Transport> transport, int file,
                                SendfileOptions options) {
  static_cast<void>(size_of(file));
  const ReadingPaused paused(transport);
  // asyncio seeks before it reads, so that this holds even if nothing is sent.
  if (options.offset > 0) ::lseek(file, options.offset, SEEK_SET);
  Position position(file, options.offset);
  StandIn stand_in(loop, transport);
  std::exception_ptr failed;
  try {
    auto copying = copy_blocks(loop, transport, stand_in.protocol, file, options, position.sent);
    co_await copying;
  } catch (...) {
    failed = std::current_exception();
  }
  stand_in.leave();
  if (failed) std::rethrow_exception(failed);
  co_return position.sent;
}

Task<std::uint64_t> send(EventLoop& loop, std::shared_ptr<Transport> transport, int file,
                         SendfileOptions options) {
  check_arguments(*transport, options);
  if (auto plain = std::dynamic_pointer_cast<detail::StreamTransport>(transport)) {
    auto sending = send_native(loop, std::move(plain), file, options);
    co_return co_await sending;
  }
  if (!options.fallback) {
    std::ostringstream text;
    text << "fallback is disabled and native sendfile is not supported for transport ";
    if (dynamic_cast<detail::CarriesTls*>(transport.get()) != nullptr) {
      text << "<asyncio.sslproto._SSLProtocolTransport object at " << transport.get() << '>';  // as Python
    } else {
      text << "<Transport>";
    }
    throw RuntimeError(text.str());
  }
  auto sending = send_blocks(loop, std::move(transport), file, options);
  co_return co_await sending;
}

}  // namespace

Task<std::uint64_t> EventLoop::sendfile(std::shared_ptr<Transport> transport, int file,
                                        SendfileOptions options) {
  return send(*this, std::move(transport), file, options);
}

}  // namespace antiphon::asio_style
