#include "resource_pattern.hpp"

#include <boost/regex.hpp>
#include <stdexcept>

namespace antiphon::cl_async_style {

struct resource_pattern::compiled {
  boost::regex regex;
};

resource_pattern::resource_pattern(const std::string& resource, bool case_sensitive) try
    : compiled_(std::make_shared<const compiled>(compiled{boost::regex(
          resource, case_sensitive ? boost::regex::perl : boost::regex::perl | boost::regex::icase)})) {
} catch (const boost::regex_error& error) {
  throw std::invalid_argument("the route's resource '" + resource + "' is no regex: " + error.what());
}

bool resource_pattern::matches(std::string_view path, std::vector<std::string_view>& groups) const {
  boost::cmatch found;
  if (!boost::regex_match(path.data(), path.data() + path.size(), found, compiled_->regex)) return false;
  groups.clear();
  for (std::size_t i = 1; i < found.size(); ++i)
    groups.emplace_back(found[static_cast<int>(i)].matched
                            ? std::string_view(found[static_cast<int>(i)].first,
                                               static_cast<std::size_t>(found.length(static_cast<int>(i))))
                            : std::string_view());
  return true;
}

}  // namespace antiphon::cl_async_style
