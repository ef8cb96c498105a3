#include "antiphon/cl_async_style/async_stream.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "stream.hpp"

namespace antiphon::cl_async_style {

async_io_stream::async_io_stream(cl_async_style::socket& on) noexcept
    : async_stream(on), async_input_stream(on), async_output_stream(on) {}

// Input: `taken_` octets at the front of `input_` are gone already; they are dropped when all are.

std::span<const std::byte> async_input_stream::peek() const noexcept {
  return std::as_bytes(std::span(input_)).subspan(taken_);
}

std::size_t async_input_stream::read_sequence(std::span<std::byte> to) noexcept {
  const std::span<const std::byte> from = peek();
  const std::size_t count = std::min(to.size(), from.size());
  if (count > 0) std::memcpy(to.data(), from.data(), count);
  taken_ += count;
  if (taken_ == input_.size()) clear_input();
  return count;
}

std::optional<std::byte> async_input_stream::read_byte() noexcept {
  std::byte octet{};
  if (read_sequence({&octet, 1}) == 0) return std::nullopt;
  return octet;
}

void async_input_stream::clear_input() noexcept {
  input_.clear();
  taken_ = 0;
}

void async_input_stream::append(std::span<const std::byte> octets) {
  if (taken_ > input_.size() / 2) input_.erase(0, std::exchange(taken_, 0));
  input_.append(reinterpret_cast<const char*>(octets.data()), octets.size());
}

// Output

void async_output_stream::write_sequence(std::span<const std::byte> octets) {
  write_socket_data(stream_socket(), octets);
}
void async_output_stream::write_sequence(std::string_view text) {
  write_socket_data(stream_socket(), text);
}
void async_output_stream::write_byte(std::byte octet) {
  write_sequence({&octet, 1});
}
void async_output_stream::force_output() {
  static_cast<stream&>(stream_socket()).force_output();
}

void async_io_stream::close(bool abort) {
  if (abort) clear_input();
  close_socket(stream_socket());
}

// The iostream bridge

async_streambuf::int_type async_streambuf::underflow() {
  const auto next = stream_->peek();
  if (next.empty()) return traits_type::eof();
  // The stream keeps the octets; this hands out one at a time, so that none is lost between two buffers.
  octet_[0] = static_cast<char>(*stream_->read_byte());
  setg(octet_.data(), octet_.data(), octet_.data() + 1);
  return traits_type::to_int_type(octet_[0]);
}

std::streamsize async_streambuf::xsgetn(char_type* to, std::streamsize count) {
  std::streamsize got = 0;
  if (count > 0 && gptr() < egptr()) {
    to[got++] = *gptr();
    gbump(1);
  }
  const std::span<char> rest(to + got, static_cast<std::size_t>(count - got));
  return got + static_cast<std::streamsize>(stream_->read_sequence(std::as_writable_bytes(rest)));
}

std::streamsize async_streambuf::showmanyc() {
  return static_cast<std::streamsize>(stream_->peek().size());
}

async_streambuf::int_type async_streambuf::overflow(int_type octet) {
  if (!traits_type::eq_int_type(octet, traits_type::eof()))
    stream_->write_byte(static_cast<std::byte>(traits_type::to_char_type(octet)));
  return stream_->open_stream_p() ? traits_type::not_eof(octet) : traits_type::eof();
}

std::streamsize async_streambuf::xsputn(const char_type* from, std::streamsize count) {
  if (!stream_->open_stream_p()) return 0;  // failbit: what is written after the end is lost
  stream_->write_sequence(std::string_view(from, static_cast<std::size_t>(count)));
  return count;
}

int async_streambuf::sync() {
  stream_->force_output();
  return stream_->open_stream_p() ? 0 : -1;
}

}  // namespace antiphon::cl_async_style
