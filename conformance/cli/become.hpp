#pragma once

#include <string>
#include <vector>

namespace antiphon::cli {

/// Makes this process another program, found as a shell finds it, whose exit status is then this one's.
/// Returns only if that cannot be started, which it has said then.
void become(std::vector<std::string> command);

}  // namespace antiphon::cli
