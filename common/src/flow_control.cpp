#include "antiphon/flow_control.hpp"

#include <limits>
#include <stdexcept>
#include <string>

namespace antiphon {

FlowSignal WaterMarks::set(std::optional<std::size_t> high, std::optional<std::size_t> low,
                           std::size_t size) {
  if (!high && !low) {
    high = default_high;
    low = default_low;
  } else if (!high) {
    high = *low > std::numeric_limits<std::size_t>::max() / 4 ? std::numeric_limits<std::size_t>::max()
                                                              : *low * 4;
  } else if (!low) {
    low = *high / 4;
  }
  if (*high < *low)
    throw std::invalid_argument("high-water mark " + std::to_string(*high) + " is below the low-water mark " +
                                std::to_string(*low));
  high_ = *high;
  low_ = *low;
  return added(size);
}

}  // namespace antiphon
