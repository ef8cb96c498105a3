#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>

namespace antiphon::asio_style {

class Transport;

/// What every protocol is told. One object per connection, made by a ProtocolFactory.
///
/// The contract, as a regular expression over the calls (AS-094, AS-095, I-1, I-2):
///
///     CM ( DR | PW | RW )* ( ER ( PW | RW )* )? CL        where PW and RW alternate, PW first
///
///     CM connection_made   DR data_received    PW pause_writing
///     CL connection_lost   ER eof_received     RW resume_writing
///
/// Lifetime: the transport owns its protocol until connection_lost has returned, then lets go of it; a
/// protocol may own its transport (the usual case) without a leak. Thread: all calls come on the loop's
/// thread, never two at a time. No call but pause_writing is made from
/// inside a method of the transport (AS-102, AS-103; with TLS and a high mark of 0 resume_writing is, too,
/// and both may come from the loop: AS-240).
///
/// Exceptions: from connection_made, connection_lost, pause_writing and resume_writing they go to the loop's
/// exception handler and the connection lives on (AS-135, AS-136, AS-208, AS-209). From the receiving
/// callbacks they end the connection and become connection_lost's argument (AS-205 to AS-207). SystemExit and
/// KeyboardInterrupt leave run_forever (AS-212).
class BaseProtocol {
 public:
  BaseProtocol() = default;
  BaseProtocol(const BaseProtocol&) = delete;
  BaseProtocol& operator=(const BaseProtocol&) = delete;
  virtual ~BaseProtocol() = default;

  /// First of all, once. Keep the transport: it is the way to answer.
  virtual void connection_made(std::shared_ptr<Transport> /*transport*/) {}

  /// Last of all, once. `exc` is null after a local close or abort and after the peer's EOF; else it says
  /// what broke: a ConnectionResetError, a BrokenPipeError,
  /// or what a receiving callback threw (AS-200 to AS-207).
  virtual void connection_lost(std::exception_ptr /*exc*/) {}

  /// More than the high mark is buffered, with TLS as much as that (AS-239): stop writing if you can
  /// (AS-119). Called from inside write (AS-103).
  virtual void pause_writing() {}

  /// The buffer is down at the low mark (AS-122). Not called from inside write (AS-104).
  virtual void resume_writing() {}
};

/// For streams: bytes as they come.
class Protocol : public BaseProtocol {
 public:
  /// Never empty, at most 256 KiB (AS-096). Where blocks begin and end means nothing (AS-097).
  /// The bytes are the loop's: they are gone when the call returns.
  virtual void data_received(std::span<const std::byte> /*data*/) {}

  /// The peer will send no more. False: the transport flushes and closes itself (AS-180). True: it stays open
  /// for writing until you close it (AS-181). At most once per connection,
  /// even if reading is paused and resumed after it (AS-100).
  virtual bool eof_received() { return false; }
};

/// For streams read into the protocol's own memory: no copy between the kernel and the parser.
class BufferedProtocol : public BaseProtocol {
 public:
  /// Where the next bytes shall go; asked when bytes are there to be read (AS-107). `sizehint` is -1: no
  /// preference (AS-108). The memory must stay until buffer_updated or eof_received.
  /// An empty span ends the connection with RuntimeError (AS-109).
  virtual std::span<std::byte> get_buffer(std::ptrdiff_t sizehint) = 0;

  /// `nbytes` > 0 were put at the start of that buffer.
  virtual void buffer_updated(std::size_t nbytes) = 0;

  /// As Protocol::eof_received.
  virtual bool eof_received() { return false; }
};

/// Called once per accepted connection, in a later turn of the loop than the accept (AS-053).
/// If it throws, the connection is closed and the server goes on (AS-054 to AS-056).
using ProtocolFactory = std::function<std::shared_ptr<BaseProtocol>()>;

}  // namespace antiphon::asio_style
