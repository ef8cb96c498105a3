#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace antiphon::cl_async_style {

/// A list that may be changed while somebody walks through it: he goes on with the list that he began with.
/// Empty it owns nothing.
template <typename Element>
class shared_list {
 public:
  using elements = std::vector<Element>;

  /// Null if it is empty.
  [[nodiscard]] std::shared_ptr<const elements> get() const noexcept { return elements_; }
  [[nodiscard]] bool empty() const noexcept { return !elements_; }
  void clear() noexcept { elements_.reset(); }

  /// `edit(elements&)` on a copy, which then takes the list's place. Returns what it returns.
  template <typename Edit>
  auto change(Edit edit) {
    auto copy = elements_ ? std::make_shared<elements>(*elements_) : std::make_shared<elements>();
    struct place {
      shared_list& of;
      std::shared_ptr<elements>& made;
      ~place() { of.elements_ = made->empty() ? nullptr : std::move(made); }
    } const put{*this, copy};
    return edit(*copy);
  }

 private:
  std::shared_ptr<const elements> elements_;
};

}  // namespace antiphon::cl_async_style
