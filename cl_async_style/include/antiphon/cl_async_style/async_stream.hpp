#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <streambuf>
#include <string>
#include <string_view>

#include "antiphon/cl_async_style/socket.hpp"

namespace antiphon::cl_async_style {

/// A stream of octets on a socket (CL-185). Never blocks: reading takes what has come, writing goes to
/// write_socket_data. It belongs to the socket and lives as long.
class async_stream {
 public:
  async_stream(const async_stream&) = delete;
  async_stream& operator=(const async_stream&) = delete;

  /// cl-async's stream-socket.
  [[nodiscard]] cl_async_style::socket& stream_socket() const noexcept { return *socket_; }
  /// The opposite of socket_closed_p (CL-192).
  [[nodiscard]] bool open_stream_p() const noexcept { return !socket_closed_p(*socket_); }

 protected:
  explicit async_stream(cl_async_style::socket& on) noexcept : socket_(&on) {}
  ~async_stream() = default;

 private:
  cl_async_style::socket* socket_;
};

class async_input_stream : public virtual async_stream {
 public:
  /// Copies what has come, at most `to`'s size; the rest stays for the next call, also across read_cb calls
  /// (CL-192). Returns the number of octets copied (CL-186).
  std::size_t read_sequence(std::span<std::byte> to) noexcept;
  /// None: nothing now, which is not the end of data (CL-187).
  std::optional<std::byte> read_byte() noexcept;
  /// Drops what has come (CL-190).
  void clear_input() noexcept;
  /// Extension: what has come, without taking it; valid until the next call or input.
  [[nodiscard]] std::span<const std::byte> peek() const noexcept;

 protected:
  explicit async_input_stream(cl_async_style::socket& on) noexcept : async_stream(on) {}
  ~async_input_stream() = default;

 private:
  friend class stream;
  void append(std::span<const std::byte> octets);

  std::string input_;
  std::size_t taken_ = 0;
};

class async_output_stream : public virtual async_stream {
 public:
  /// As write_socket_data; on a closed socket nothing (CL-189).
  void write_sequence(std::span<const std::byte> octets);
  void write_sequence(std::string_view text);
  void write_byte(std::byte octet);
  /// Extension: hands what the tick has gathered to the kernel now (upstream: nothing, CL-190).
  void force_output();
  /// The same; nothing here can wait.
  void finish_output() { force_output(); }
  /// Nothing, as upstream (CL-190): what was written is sent.
  void clear_output() noexcept {}

 protected:
  explicit async_output_stream(cl_async_style::socket& on) noexcept : async_stream(on) {}
  ~async_output_stream() = default;
};

class async_io_stream final : public async_input_stream, public async_output_stream {
 public:
  explicit async_io_stream(cl_async_style::socket& on) noexcept;

  /// Closes the socket gracefully; `abort` drops the input that was not taken, too, and no more (CL-191).
  void close(bool abort = false);
};

/// The socket's stream; null unless it was made in stream mode.
[[nodiscard]] async_io_stream* socket_stream(socket& of) noexcept;

/// Extension: a std::iostream's buffer over a stream, for code that reads with >> and writes with <<:
///
///     async_streambuf buffer(stream);
///     std::iostream io(&buffer);
///
/// Reading meets its end where nothing has come yet: clear() the iostream's state and go on in the next
/// read_cb. Writing gathers as ever; std::flush is force_output.
class async_streambuf final : public std::streambuf {
 public:
  explicit async_streambuf(async_io_stream& on) noexcept : stream_(&on) {}

 protected:
  int_type underflow() override;
  std::streamsize xsgetn(char_type* to, std::streamsize count) override;
  std::streamsize showmanyc() override;
  int_type overflow(int_type octet) override;
  std::streamsize xsputn(const char_type* from, std::streamsize count) override;
  int sync() override;

 private:
  async_io_stream* stream_;
  std::array<char, 1> octet_{};  // all that may be looked at without being taken from the stream
};

}  // namespace antiphon::cl_async_style
