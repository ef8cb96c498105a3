#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace antiphon::conformance {

/// A pipe's two ends.
class Pipe {
 public:
  Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe();
  static void close(int& end) noexcept;
  int read_end = -1;
  int write_end = -1;
};

/// The program behind an adapter: its process, its three streams, and its end. It and all that it starts end
/// with the object, also what has left its group; nobody waits for a stream that somebody else keeps open.
class AdapterProcess {
 public:
  /// Throws HarnessError.
  explicit AdapterProcess(const std::vector<std::string>& command);
  AdapterProcess(const AdapterProcess&) = delete;
  AdapterProcess& operator=(const AdapterProcess&) = delete;
  ~AdapterProcess();

  [[nodiscard]] int id() const noexcept { return id_; }
  enum class Wrote { all, gone, not_read };
  /// `not_read`: it has not taken it all within the limit.
  [[nodiscard]] Wrote write(std::string_view octets, std::chrono::milliseconds limit);
  /// What comes next on its standard output, or its standard error; none at the end.
  [[nodiscard]] std::string_view read_output(std::span<char> room) { return read(output_.read_end, room); }
  [[nodiscard]] std::string_view read_log(std::span<char> room) { return read(log_.read_end, room); }
  /// It has ended, though something that it started may still keep its streams open.
  [[nodiscard]] bool has_ended() const { return !how_it_ended().empty(); }
  /// "with status 3", "by signal 13 (Broken pipe)", or empty: it runs.
  [[nodiscard]] std::string how_it_ended() const;
  /// At once, from any thread.
  void kill() const noexcept;
  /// Its input ends, so it ends by itself; if it does not, it is ended. Whether it did. Readers are told of
  /// the end when they have read what it wrote.
  bool end();

 private:
  [[nodiscard]] std::string_view read(int from, std::span<char> room);

  Pipe input_;
  Pipe output_;
  Pipe log_;
  Pipe over_;  // its write end is closed when nothing more is to be read
  std::string mark_;
  std::atomic<int> id_ = -1;  // a reader may end it while another ends waiting for it
};

}  // namespace antiphon::conformance
