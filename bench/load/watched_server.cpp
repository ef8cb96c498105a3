#include "watched_server.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace antiphon::bench {

namespace {

constexpr std::size_t counts_size = sizeof(WatchedServer::Use::counts);

/// The letter of a thread's state: R runs, S sleeps, T is stopped (proc(5)).
char state(const std::filesystem::path& task) {
  std::ifstream file(task / "stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos ? '-' : text.at(name_end + 2);
}

void wait_until_all(const std::vector<pid_t>& pids, char wanted) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (const pid_t pid : pids)
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task"))
      while (state(task.path()) != wanted) {
        if (std::chrono::steady_clock::now() > limit)
          throw std::runtime_error("the server does not come to rest");
        std::this_thread::sleep_for(std::chrono::microseconds(20));
      }
}

}  // namespace

WatchedServer::WatchedServer(std::vector<pid_t> pids, const std::string& counts_file)
    : pids_(std::move(pids)) {
  if (counts_file.empty()) return;
  const int fd = ::open(counts_file.c_str(), O_RDONLY | O_CLOEXEC);
  void* page = fd < 0 ? MAP_FAILED : ::mmap(nullptr, counts_size, PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (page == MAP_FAILED) throw std::runtime_error("cannot read the counts in " + counts_file);
  counts_ = static_cast<const std::uint64_t*>(page);
}

WatchedServer::~WatchedServer() {
  if (counts_ != nullptr) ::munmap(const_cast<std::uint64_t*>(counts_), counts_size);
}

WatchedServer::Use WatchedServer::use() const {
  Use sum;
  for (const pid_t pid : pids_) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
      throw std::runtime_error("the server has gone");
    sum.cpu_ns += std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }
  if (counts_ != nullptr)
    for (std::size_t i = 0; i < sum.counts.size(); ++i)
      sum.counts.at(i) = __atomic_load_n(counts_ + i, __ATOMIC_RELAXED);
  return sum;
}

void WatchedServer::wait_until_idle() const {
  wait_until_all(pids_, 'S');
}

void WatchedServer::hold() const {
  for (const pid_t pid : pids_) ::kill(pid, SIGSTOP);
  wait_until_all(pids_, 'T');
}

void WatchedServer::release() const {
  for (const pid_t pid : pids_) ::kill(pid, SIGCONT);
}

}  // namespace antiphon::bench
