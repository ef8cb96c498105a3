#pragma once

#include <array>
#include <string_view>

namespace antiphon::conformance {

/// The order of callbacks, whole:   CM DR* ER? CL   with PW and RW in turn between CM and CL.
///
/// Two machines that run side by side over the events of one connection, each a table. An event that a table
/// has no row for breaks the rule of the row that forbids it, and leaves the state as it was. The checker,
/// the page of rules and its drawing come from these tables.

enum class Life { unborn, open, ended, lost };  // ended: the peer's end was told
enum class Flow { flowing, paused };

struct LifeStep {
  Life from;
  std::string_view event;
  Life to;
};
inline constexpr std::array life_steps{
    LifeStep{Life::unborn, "CM", Life::open},  //
    LifeStep{Life::open, "DR", Life::open},    //
    LifeStep{Life::open, "ER", Life::ended},   //
    LifeStep{Life::open, "CL", Life::lost},    //
    LifeStep{Life::ended, "CL", Life::lost},   //
    LifeStep{Life::open, "PW", Life::open},   LifeStep{Life::ended, "PW", Life::ended},
    LifeStep{Life::open, "RW", Life::open},   LifeStep{Life::ended, "RW", Life::ended},
};

struct FlowStep {
  Flow from;
  std::string_view event;
  Flow to;
};
inline constexpr std::array flow_steps{
    FlowStep{Flow::flowing, "PW", Flow::paused},
    FlowStep{Flow::paused, "RW", Flow::flowing},
};

/// Which rule an event breaks where no step is; the first row that fits.
struct Forbidden {
  Life in;
  std::string_view event;  ///< empty: any
  std::string_view rule;
  std::string_view says;
};
inline constexpr std::array forbidden{
    Forbidden{Life::unborn, "", "ORD-01", "before connection_made"},
    Forbidden{Life::open, "CM", "ONCE-01", "a second connection_made"},
    Forbidden{Life::ended, "CM", "ONCE-01", "a second connection_made"},
    Forbidden{Life::ended, "DR", "ORD-03", "data_received after eof_received"},
    Forbidden{Life::ended, "ER", "ORD-04", "a second eof_received"},
    Forbidden{Life::lost, "CM", "ONCE-01", "a second connection_made"},
    Forbidden{Life::lost, "CL", "ORD-05", "a second connection_lost"},
    Forbidden{Life::lost, "", "ORD-02", "a callback after connection_lost"},
};

[[nodiscard]] constexpr std::string_view name_of(Life life) noexcept {
  switch (life) {
    case Life::unborn:
      return "unborn";
    case Life::open:
      return "open";
    case Life::ended:
      return "ended";
    case Life::lost:
      return "lost";
  }
  return "?";
}
[[nodiscard]] constexpr std::string_view name_of(Flow flow) noexcept {
  return flow == Flow::flowing ? "flowing" : "paused";
}

}  // namespace antiphon::conformance
