#include "leftovers.hpp"

#include <signal.h>
#include <unistd.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

namespace antiphon::conformance {

namespace {

bool is_marked(const std::filesystem::path& process, const std::string& mark) {
  std::ifstream in(process / "environ", std::ios::binary);
  const std::string environment{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t at = environment.find(mark); at != std::string::npos;
       at = environment.find(mark, at + 1)) {
    const std::size_t end = at + mark.size();
    if ((at == 0 || environment[at - 1] == '\0') && (end == environment.size() || environment[end] == '\0'))
      return true;
  }
  return false;
}

}  // namespace

std::string new_mark() {
  static std::atomic<int> count{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return "ANTIPHON_STARTED_BY=" + std::to_string(::getpid()) + "." + std::to_string(++count) + "." +
         std::to_string(now);
}

void kill_marked(const std::string& mark) {
  // One that is starting another while it is ended leaves that for the next round.
  for (int round = 0, found = 1; round < 10 && found > 0; ++round) {
    found = 0;
    std::error_code gone;
    for (std::filesystem::directory_iterator each("/proc", gone), end; !gone && each != end;
         each.increment(gone)) {
      const std::string name = each->path().filename().string();
      if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; }))
        continue;
      if (is_marked(each->path(), mark) && ::kill(std::atoi(name.c_str()), SIGKILL) == 0) ++found;
    }
  }
}

Leftovers& Leftovers::here() {
  static Leftovers one;
  return one;
}

int Leftovers::start_group(const std::string& mark, const std::function<int()>& start) {
  const std::scoped_lock lock(mutex_);
  const int group = start();
  if (group > 0) groups_[group] = mark;
  return group;
}
void Leftovers::remove_group(int group) {
  const std::scoped_lock lock(mutex_);
  groups_.erase(group);
}
std::filesystem::path Leftovers::make_folder() {
  const std::scoped_lock lock(mutex_);
  return *folders_.insert(test_support::make_temporary_folder()).first;
}
void Leftovers::remove_folder(const std::filesystem::path& folder) {
  const std::scoped_lock lock(mutex_);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  folders_.erase(folder);
}

void Leftovers::clean_up() {
  std::unique_lock lock(mutex_);
  for (const auto& [group, mark] : groups_) {
    ::kill(-group, SIGKILL);
    kill_marked(mark);
  }
  for (const auto& folder : folders_) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  lock.release();  // for ever: see above
}

}  // namespace antiphon::conformance
