#pragma once

#include <string>
#include <string_view>

namespace antiphon::http {

/// A token that llhttp tells in pieces: a view while it lies in one buffer, a copy once it does not.
class Token {
 public:
  void add(std::string_view piece) {
    if (!spill_.empty()) {
      spill_.append(piece);
    } else if (view_.empty()) {
      view_ = piece;
    } else if (view_.data() + view_.size() == piece.data()) {
      view_ = {view_.data(), view_.size() + piece.size()};
    } else {
      keep();
      spill_.append(piece);
    }
  }
  /// The buffer that the view points into is about to go.
  void keep() {
    if (view_.empty()) return;
    spill_.append(view_);
    view_ = {};
  }
  [[nodiscard]] std::string_view text() const noexcept {
    return spill_.empty() ? view_ : std::string_view(spill_);
  }
  void clear() noexcept {
    view_ = {};
    spill_.clear();
  }

 private:
  std::string_view view_;
  std::string spill_;
};

}  // namespace antiphon::http
