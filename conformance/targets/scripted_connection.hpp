#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "event_log.hpp"
#include "scenario.hpp"

namespace antiphon::conformance {

/// What ["raise", text] throws out of a callback.
class Raised : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One connection of an in-process target: runs the script's actions and writes down the events. The style's
/// own code calls the `on_` functions from its callbacks and implements the rest with its own calls.
class ScriptedConnection {
 public:
  ScriptedConnection(std::shared_ptr<const Script> script, EventLog& log, int number)
      : script_(std::move(script)), log_(log), number_(number) {}
  ScriptedConnection(const ScriptedConnection&) = delete;
  ScriptedConnection& operator=(const ScriptedConnection&) = delete;
  virtual ~ScriptedConnection() = default;

  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] bool lost() const noexcept { return lost_; }

  void on_made();
  void on_data(std::span<const std::byte> octets);
  /// What the script makes eof_received return.
  bool on_eof();
  void on_pause() { on_flow("PW"); }
  void on_resume() { on_flow("RW"); }
  void on_lost(const std::string& cause, const std::string& message);
  void on_other(const std::string& kind, const std::string& message);
  /// From now on events carry "protocol": 2.
  void second_protocol() noexcept { protocol_ = 2; }

  void run(const Actions& actions);

 protected:
  // The actions, in the style's own calls.
  virtual void write(std::string_view octets) = 0;
  virtual void writelines(const std::vector<std::string>& parts) = 0;
  virtual void write_eof() = 0;
  virtual void close() = 0;
  virtual void abort() = 0;
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  virtual void set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) = 0;
  virtual bool is_closing() = 0;
  virtual bool is_reading() = 0;
  virtual std::size_t buffer_size() = 0;
  virtual std::pair<std::size_t, std::size_t> limits() = 0;  ///< low, high
  virtual void set_protocol() = 0;
  virtual void stop_listener() = 0;
  virtual void later(std::chrono::milliseconds time, std::function<void()> fn) = 0;
  virtual void soon(std::function<void()> fn) = 0;
  /// value-error, type-error, runtime-error or os-error.
  virtual std::string kind_of(const std::exception& error) = 0;

 private:
  void tell(std::string kind, Json fields = Json::object());
  void on_flow(const char* kind);
  void run_event(const std::string& kind);
  void act(const Json& action);
  void perform(const Json& action);
  std::string next(std::size_t size);
  std::function<void()> put_off(const Json& actions);

  std::shared_ptr<const Script> script_;
  EventLog& log_;
  std::map<std::string, int> counts_;
  std::string received_;  // by the data_received that runs
  std::uint64_t written_ = 0;
  int number_;
  int events_ = 0;
  int protocol_ = 1;
  bool returned_ = false;
  bool paused_ = false;
  bool lost_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// The names of the adapter protocol for what can be asked of a server, as far as both styles have it.
[[nodiscard]] std::vector<std::string> common_offers();

}  // namespace antiphon::conformance
