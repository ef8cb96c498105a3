#include "entries.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace antiphon::conformance {

namespace {

/// Reads a text and lets others see how far the reader is.
class Reading {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reading(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  const char& operator*() const { return *at_; }
  Reading& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  Reading operator++(int) {
    Reading before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Reading& other) const { return at_ == other.at_; }
  bool operator!=(const Reading& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

std::string line_of(const std::string& text, std::size_t at) {
  at = std::min(at, text.size());
  return std::to_string(1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace

std::vector<Entry> load_entries(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in || std::filesystem::is_directory(file))
    throw std::invalid_argument(file.string() + ": cannot be read");
  const char* furthest = text.data();
  std::vector<std::size_t> begins;
  const auto note = [&](int depth, Json::parse_event_t event, const Json&) {
    using Parsed = Json::parse_event_t;
    const bool begins_here =
        event == Parsed::object_start || event == Parsed::array_start || event == Parsed::value;
    if (depth == 1 && begins_here) begins.push_back(static_cast<std::size_t>(furthest - text.data()) - 1);
    return true;
  };
  Json json;
  try {
    json = Json::parse(Reading(text.data(), &furthest), Reading(text.data() + text.size(), &furthest), note);
  } catch (const Json::parse_error& error) {
    throw std::invalid_argument(file.string() + ":" + line_of(text, error.byte == 0 ? 0 : error.byte - 1) +
                                ": " + error.what());
  }
  if (!json.is_array())
    return {{std::move(json), file.string() + ":" + line_of(text, text.find_first_not_of(" \t\r\n"))}};
  std::vector<Entry> entries;
  for (Json& each : json) {
    const std::size_t at = entries.size() < begins.size() ? begins[entries.size()] : 0;
    entries.push_back({std::move(each), file.string() + ":" + line_of(text, at)});
  }
  return entries;
}

}  // namespace antiphon::conformance
