#pragma once

#include <any>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "antiphon/asio_style/address.hpp"

namespace antiphon::asio_style {

class BaseProtocol;

/// The protocol's hand on its connection: a byte stream in both directions.
///
/// Lifetime: shared. It may be kept and called after connection_lost: every method is then a no-op or tells
/// the last state (AS-166, AS-216, AS-219). Thread: the loop's thread only.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// Sends `data`: at once what the kernel takes if nothing waits, the rest when the kernel is ready (AS-158,
  /// AS-159). Never blocks and never refuses for size (AS-131). The caller may reuse its memory on return
  /// (AS-160). Errors of the socket are not thrown: they end the connection (AS-161). After the loss or after
  /// close the bytes are dropped (AS-163), from the fifth time with a warning (AS-164); while a close still
  /// flushes they are sent (AS-165). Throws RuntimeError after write_eof (AS-156).
  /// May call pause_writing before it returns (AS-103).
  virtual void write(std::span<const std::byte> data) = 0;
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

  /// One write of all the parts (AS-167), gathered:
  /// the parts are not joined before the kernel has had its chance.
  virtual void writelines(std::span<const std::span<const std::byte>> parts) = 0;
  void writelines(std::span<const std::string_view> parts);
  void writelines(std::initializer_list<std::string_view> parts) { writelines(std::span(parts)); }

  /// Ends our direction after what is buffered was sent (AS-171, AS-172); reading goes on (AS-173). Repeated,
  /// or after close or abort: no-op (AS-174). Throws OSError if the peer has already reset the connection
  /// (AS-177), NotImplementedError where can_write_eof is false (AS-237).
  virtual void write_eof() = 0;
  [[nodiscard]] virtual bool can_write_eof() const = 0;

  /// Stops reading, flushes without a time limit, then connection_lost(null)
  /// (AS-185 to AS-191). Never calls back from inside.
  virtual void close() = 0;
  /// Throws away what is buffered; connection_lost(null) follows (AS-192, AS-197 to AS-199).
  virtual void abort() = 0;
  /// True from close, abort or a fatal error on, for ever (AS-189).
  [[nodiscard]] virtual bool is_closing() const = 0;

  /// No data_received and no eof_received until resume_reading; the kernel's flow control stops the peer
  /// (AS-142, AS-148 to AS-153). Also honoured inside connection_made (AS-147).
  /// Both are idempotent and no-ops while closing (AS-143, AS-144).
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  /// False while paused or closing; still true after an EOF that was kept open (AS-145).
  [[nodiscard]] virtual bool is_reading() const = 0;

  /// Marks in octets. Only high: low = high / 4 (AS-114). Only low: high = 4 * low (AS-115). None: 65536 and
  /// 16384 (AS-113, AS-116). ValueError unless high >= low, and nothing changes then (AS-117). May call
  /// pause_writing, never resume_writing (AS-127, AS-128).
  ///
  /// With TLS the defaults are 524288 and 131072 (AS-238), and a buffer at the high mark pauses, not only one
  /// above it (AS-239). A high mark of 0 therefore pauses an empty buffer too, here and at each later flow
  /// check that finds it resumed, and the next one resumes it, in write and here as well (AS-240). To be told
  /// of each octet that waits, and of no empty buffer, use a high mark of 1.
  virtual void set_write_buffer_limits(std::optional<std::size_t> high = std::nullopt,
                                       std::optional<std::size_t> low = std::nullopt) = 0;
  /// (low, high), in this order (AS-118).
  [[nodiscard]] virtual std::pair<std::size_t, std::size_t> get_write_buffer_limits() const = 0;
  /// Octets that write took and the kernel has not yet (AS-130).
  [[nodiscard]] virtual std::size_t get_write_buffer_size() const = 0;

  /// All later calls go to `protocol`, connection_lost included; neither protocol is told (AS-214). Must be a
  /// Protocol or a BufferedProtocol, else TypeError.
  virtual void set_protocol(std::shared_ptr<BaseProtocol> protocol) = 0;
  /// Null after connection_lost (AS-216).
  [[nodiscard]] virtual std::shared_ptr<BaseProtocol> get_protocol() const = 0;

  /// "peername", "sockname": a SocketAddress, known from the start and kept after the loss (AS-219); peername
  /// is missing if the peer was gone already (AS-221). "socket":
  /// a TransportSocket. Anything else: `fallback` (AS-217).
  [[nodiscard]] virtual std::any get_extra_info(std::string_view name, std::any fallback = {}) const = 0;
};

}  // namespace antiphon::asio_style
