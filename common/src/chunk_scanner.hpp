#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "antiphon/http/parser.hpp"

namespace antiphon::http {

/// Takes a chunked body apart before llhttp sees it (RFC 9112, 7.1).
///
/// llhttp 8.1 refuses some chunk extensions that the grammar has, takes others that it has not, and lets
/// lines end in a bare LF. Here the grammar holds to the letter, with limits on what a client may send beside
/// the data: its extensions together, and its trailers together. llhttp is given all but the extensions.
/// Keeps its place over any segmentation; a fault is found at the same octet in all.
class ChunkScanner {
 public:
  /// `most_framing`: octets of all extensions together, and of the trailers; `most_body`: of all data.
  ChunkScanner(std::size_t most_framing, std::uint64_t most_body) noexcept
      : most_framing_(most_framing), most_body_(most_body) {}

  enum class Kind {
    framing,    ///< sizes, line ends, trailers
    extension,  ///< to be ignored (RFC 9112, 7.1.1)
    data,
  };
  struct Run {
    Kind kind = Kind::framing;
    std::size_t size = 0;  ///< so many octets are of that kind and in order
    ParseError error{};    ///< then what is wrong with the next; what was wrong once stays wrong
  };
  /// The longest run of one kind that the octets begin with.
  [[nodiscard]] Run next(std::string_view octets) noexcept;
  void reset() noexcept { *this = ChunkScanner(most_framing_, most_body_); }

 private:
  enum class State : std::uint8_t {
    size,        // the first digit
    more_size,   // further ones
    before_ext,  // white space, then ";"
    ext_start,   // white space, then a name
    ext_name,
    after_name,   // white space, then "=" or ";"
    value_start,  // white space, then a token or a quoted string
    value,
    quoted,       // up to its closing quote
    quoted_pair,  // what stands behind a backslash
    after_quoted,
    size_lf,     // the LF of the size line
    data,        // so many octets
    data_cr,     // the CR behind them
    data_lf,     // and its LF
    line_start,  // a trailer or the end
    trailer,     // up to its CR
    trailer_lf,  // and its LF
    end_lf,      // the last LF
    done,
    bad,
  };

  [[nodiscard]] ParseError step(char c) noexcept;
  [[nodiscard]] ParseError digit(int value) noexcept;
  [[nodiscard]] ParseError count(std::string_view too_many) noexcept;
  [[nodiscard]] static State in_extension(State state, char c) noexcept;
  [[nodiscard]] Kind kind_of(char c) const noexcept;

  std::size_t most_framing_;
  std::uint64_t most_body_;
  std::uint64_t size_ = 0;  // of this chunk
  std::uint64_t left_ = 0;  // of its data
  std::uint64_t body_ = 0;  // of the chunks before
  std::size_t framing_ = 0;
  ParseError error_;
  State state_ = State::size;
};

}  // namespace antiphon::http
