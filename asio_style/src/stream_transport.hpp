#pragma once

#include <antiphon/flow_control.hpp>
#include <cstdint>
#include <memory>

#include "antiphon/asio_style/protocol.hpp"
#include "antiphon/asio_style/transport.hpp"
#include "carries_tls.hpp"
#include "connection_state.hpp"
#include "flow_controlled.hpp"
#include "loop_core.hpp"
#include "raw_address.hpp"
#include "unique_fd.hpp"
#include "watcher.hpp"
#include "write_buffer.hpp"

namespace antiphon::asio_style::detail {

struct FileSending;

inline constexpr const char* fatal_read_error = "Fatal read error on socket transport";  // AS-210
inline constexpr const char* fatal_write_error = "Fatal write error on socket transport";

/// Whoever counts connections: a server (AS-062).
class ConnectionCount {
 public:
  virtual void attach() = 0;
  virtual void detach() = 0;

 protected:
  ~ConnectionCount() = default;
};

/// What is known of a connected socket before the transport is made.
struct ConnectedSocket {
  UniqueFd fd;        ///< non-blocking, of any stream family
  KeptAddress peer;   ///< AS-220
  KeptAddress local;  ///< AS-219
};

/// The transport of plain stream sockets: TCP and UNIX.
///
/// It owns itself until connection_lost has returned, since the loop must find it whatever the user keeps;
/// then it is the user's alone. Its protocol goes at the same moment, which ends the circle of the two.
class StreamTransport final : public Transport,
                              public FlowControlled,
                              public CarriesTls,
                              public Watcher,
                              public std::enable_shared_from_this<StreamTransport> {
 public:
  /// Queues connection_made, then the start of reading (AS-060). `count` may be null.
  /// Throws, before anything is queued, TypeError for a protocol that can't read streams.
  static std::shared_ptr<StreamTransport> make(LoopCore& core, ConnectedSocket socket,
                                               std::shared_ptr<BaseProtocol> protocol,
                                               std::shared_ptr<ConnectionCount> count);

  StreamTransport(LoopCore& core, ConnectedSocket socket, std::shared_ptr<ConnectionCount> count);
  ~StreamTransport() override;

  using Transport::write;
  using Transport::writelines;
  void write(std::span<const std::byte> data) override;
  void writelines(std::span<const std::span<const std::byte>> parts) override;
  void write_eof() override;
  [[nodiscard]] bool can_write_eof() const override { return true; }
  void close() override;
  void abort() override { lose(nullptr); }
  [[nodiscard]] bool is_closing() const override { return permits(phase_).is_closing; }
  void pause_reading() override;
  void resume_reading() override;
  [[nodiscard]] bool is_reading() const override { return !reading_paused_ && !is_closing(); }
  void set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) override;
  [[nodiscard]] std::pair<std::size_t, std::size_t> get_write_buffer_limits() const override;
  [[nodiscard]] std::size_t get_write_buffer_size() const override { return buffer_.size(); }
  void set_protocol(std::shared_ptr<BaseProtocol> protocol) override;
  [[nodiscard]] std::shared_ptr<BaseProtocol> get_protocol() const override { return protocol_; }
  [[nodiscard]] std::any get_extra_info(std::string_view name, std::any fallback) const override;

  /// Who counts this connection until it is lost; null: nobody.
  [[nodiscard]] const ConnectionCount* counted_by() const noexcept { return count_.get(); }

  [[nodiscard]] bool protocol_paused() const noexcept override { return marks_.paused(); }
  void force_close(std::exception_ptr cause) override { lose(std::move(cause)); }
  [[nodiscard]] bool reads_from_socket() const noexcept override { return true; }

  /// While it lives the file is sent behind the buffer, and write throws RuntimeError (AS-157).
  /// `sending.done` gets the end, be it an error. RuntimeError if a file is being sent already.
  class SendingFile {
   public:
    SendingFile(StreamTransport& transport, FileSending& sending);
    SendingFile(const SendingFile&) = delete;
    SendingFile& operator=(const SendingFile&) = delete;
    ~SendingFile();

   private:
    StreamTransport& transport_;
  };

  bool on_readable() override;
  void on_writable() override;
  void loop_closed() override;

 private:
  void use(std::shared_ptr<BaseProtocol> protocol);
  void begin();
  bool receive();
  bool receive_into_protocol();
  bool received_nothing(ssize_t result);
  void received_eof();
  [[nodiscard]] bool may_write(std::size_t size);
  void keep_for_later(std::span<const std::byte> data);
  void send_buffer();
  void send_file();
  [[nodiscard]] bool file_waits() const;
  void end_direction();
  void tell_flow(FlowSignal signal);
  void watch();
  void lose(std::exception_ptr cause);
  void fatal(std::exception_ptr cause, const char* message);
  void tell_lost();
  void report(std::exception_ptr exception, const char* message);
  template <class Call>
  bool ask(const char* failed, Call call);

  LoopCore* core_;  // null once the loop has closed
  std::shared_ptr<StreamTransport> self_;
  std::shared_ptr<BaseProtocol> protocol_;
  Protocol* plain_ = nullptr;  // protocol_ as what it is: one of these two
  BufferedProtocol* buffered_ = nullptr;
  std::shared_ptr<ConnectionCount> count_;
  std::exception_ptr cause_;
  WriteBuffer buffer_;
  FileSending* file_ = nullptr;  // goes out behind the buffer; lives in the coroutine that waits for it
  WaterMarks marks_;
  KeptAddress peer_;
  KeptAddress local_;
  UniqueFd fd_;
  std::uint32_t lost_writes_ = 0;
  Phase phase_ = Phase::made;
  bool reading_paused_ = false;
  bool eof_written_ = false;
};

}  // namespace antiphon::asio_style::detail
