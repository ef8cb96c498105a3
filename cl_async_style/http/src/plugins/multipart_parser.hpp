#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace antiphon::cl_async_style {

/// What the head of a part says (RFC 7578, 4).
struct part_head {
  std::string name;
  std::optional<std::string> filename{};
  std::string mime_type{};
};

/// Is told what a multipart body consists of: (on_part, on_data*, on_part_end)*.
class multipart_listener {
 public:
  virtual void on_part(const part_head& head) = 0;
  virtual void on_data(std::string_view octets) = 0;
  virtual void on_part_end() = 0;

 protected:
  ~multipart_listener() = default;
};

/// Why a body is refused.
struct multipart_error {
  unsigned status = 400;
  std::string_view reason;  ///< static text
};

/// Takes multipart/form-data apart (RFC 2046, 5.1; RFC 7578), whatever way it was cut. No I/O; keeps no more
/// than a part's head or a delimiter's length.
class multipart_parser {
 public:
  multipart_parser(std::string_view boundary, multipart_listener& listener, std::size_t head_limit);

  /// None if all is well. After an error nothing more is taken.
  [[nodiscard]] std::optional<multipart_error> feed(std::string_view octets);
  /// The body has ended: was that its end?
  [[nodiscard]] std::optional<multipart_error> finish() const;

  /// The boundary in a Content-Type of multipart/form-data; empty if it is of another type or has none that
  /// RFC 2046 allows.
  [[nodiscard]] static std::string boundary(std::string_view content_type);
  [[nodiscard]] static bool is_form_data(std::string_view content_type);

 private:
  enum class state { preamble, delimiter, head, data, epilogue, failed };

  bool find_delimiter(bool data);
  std::optional<multipart_error> fail(multipart_error error);

  std::string delimiter_;  // CR LF -- boundary
  multipart_listener& listener_;
  std::size_t head_limit_;
  std::string octets_ = "\r\n";  // so that the first delimiter is like the others
  std::size_t at_ = 0;           // what of octets_ is done with
  state state_ = state::preamble;
  multipart_error error_;
};

}  // namespace antiphon::cl_async_style
