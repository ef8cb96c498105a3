#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace antiphon::http {

/// One header field, as two views into whoever owns the octets.
struct Field {
  std::string_view name;
  std::string_view value;
};

namespace detail {
[[nodiscard]] bool same_but_for_case(const char* a, const char* b, std::size_t size) noexcept;
}

/// True if both are the same but for ASCII case.
[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  constexpr int case_bit =
      0x20;  // two letters that differ in more are not the same: nearly all are told apart by it
  return a.empty() || (((a.front() ^ b.front()) & ~case_bit) == 0 &&
                       detail::same_but_for_case(a.data(), b.data(), a.size()));
}

/// True if the comma-separated list `value` has the element `token`, without regard to case (RFC
/// 9110, 5.6.1).
[[nodiscard]] bool has_token(std::string_view value, std::string_view token) noexcept;

/// Header fields in the order in which they came, repeats kept apart, names compared without case (SN-005,
/// trap T8).
///
/// A value type. All octets live in one string, so that clear() keeps the memory and filling it again
/// allocates nothing. Views handed out are valid until the next change of the object.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Field> fields);

  /// Appends a field, also if one of that name is there. No view into this object.
  void add(std::string_view name, std::string_view value);
  /// Makes `value` the only one of that name.
  void set(std::string_view name, std::string_view value);
  /// Removes all fields of that name; returns how many there were.
  std::size_t remove(std::string_view name);
  void clear() noexcept {
    used_ = 0;
    slots_.clear();
  }

  /// The first value of that name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  [[nodiscard]] std::vector<std::string_view> get_all(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const noexcept { return get(name).has_value(); }
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
  [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }
  [[nodiscard]] Field operator[](std::size_t index) const noexcept;

  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using pointer = const Field*;
    using reference = Field;

    const_iterator() = default;
    const_iterator(const Headers* headers, std::size_t index) noexcept : headers_(headers), index_(index) {}
    Field operator*() const noexcept { return (*headers_)[index_]; }
    const_iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    const_iterator operator++(int) noexcept {
      const_iterator old = *this;
      ++index_;
      return old;
    }
    bool operator==(const const_iterator&) const noexcept = default;

   private:
    const Headers* headers_ = nullptr;
    std::size_t index_ = 0;
  };
  [[nodiscard]] const_iterator begin() const noexcept { return {this, 0}; }
  [[nodiscard]] const_iterator end() const noexcept { return {this, slots_.size()}; }

 private:
  struct Slot {
    std::uint32_t name;
    std::uint32_t name_size;
    std::uint32_t value;
    std::uint32_t value_size;
  };
  std::string text_;  // more than is used: to fill it again costs no more than to copy
  std::size_t used_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace antiphon::http
