#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace antiphon::conformance {

/// What would outlive the kit if it ended now: the processes of adapters and other servers, and folders of
/// its own. Whoever makes one notes it here until it is gone; whoever ends the kit early cleans up first.
/// Thread-safe.
class Leftovers {
 public:
  /// Of this process.
  [[nodiscard]] static Leftovers& here();

  /// `start` starts a process that leads a group of its own, with `mark` in its environment, and returns its
  /// number, or less than 1.
  int start_group(const std::string& mark, const std::function<int()>& start);
  void remove_group(int group);
  [[nodiscard]] std::filesystem::path make_folder();
  void remove_folder(const std::filesystem::path& folder);
  /// Ends and removes what is left. Nothing can be noted or started any more: whoever tries waits for ever,
  /// for this process is about to end.
  void clean_up();

 private:
  std::mutex mutex_;
  std::map<int, std::string> groups_;
  std::set<std::filesystem::path> folders_;
};

/// A new, empty folder among the system's temporary ones, gone with the object and with all that it holds, or
/// by a clean_up() before.
class NotedFolder {
 public:
  NotedFolder() : path_(Leftovers::here().make_folder()) {}
  NotedFolder(const NotedFolder&) = delete;
  NotedFolder& operator=(const NotedFolder&) = delete;
  ~NotedFolder() { Leftovers::here().remove_folder(path_); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// The entry of an environment that marks a process and all that it starts, unlike any other of this machine.
[[nodiscard]] std::string new_mark();

/// Ends every process that has this mark in its environment: also what left its parent's group.
void kill_marked(const std::string& mark);

}  // namespace antiphon::conformance
