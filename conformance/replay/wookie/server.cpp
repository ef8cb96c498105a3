#include "server.hpp"

#include <algorithm>
#include <future>
#include <stdexcept>
#include <utility>

#include "antiphon/cl_async_style/http/config.hpp"
#include "antiphon/cl_async_style/http/hooks.hpp"
#include "antiphon/cl_async_style/http/plugins.hpp"
#include "antiphon/cl_async_style/http/routes.hpp"
#include "recorded_app.hpp"

namespace antiphon::wookie_replay {

namespace as = cl_async_style;
using nlohmann::json;

void event_log::add(json event) {
  const std::scoped_lock lock(mutex_);
  if (!frozen_ || event["event"] == "loop-exit" || event["event"] == "loop-error")
    events_.push_back(std::move(event));
}

json event_log::events() const {
  const std::scoped_lock lock(mutex_);
  return events_;
}

std::size_t event_log::count(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(events_.begin(), events_.end(), [&](const json& each) { return each["event"] == name; }));
}

void event_log::freeze() {
  const std::scoped_lock lock(mutex_);
  frozen_ = true;
}

void script_clock::later(std::chrono::milliseconds time, std::function<void()> fn) {
  timers_.push_back({now_ + time, std::move(fn)});
}

void script_clock::advance(std::chrono::milliseconds time) {
  const auto until = now_ + time;
  while (true) {
    const auto next = std::min_element(timers_.begin(), timers_.end(),
                                       [](const timer& a, const timer& b) { return a.due < b.due; });
    if (next == timers_.end() || next->due > until) break;
    now_ = next->due;
    const auto fn = std::move(next->fn);
    timers_.erase(next);
    fn();
  }
  now_ = until;
}

namespace {

std::string condition_name(const std::exception& event) {
  const auto* condition = as::condition_cast<as::event_info>(event);
  return condition == nullptr ? "error" : std::string(condition->type_name());
}

void check_script(const json& script) {
  for (const auto& [key, value] : script.items()) {
    const bool known = key == "loop" || key == "port" || key == "listener_event_cb" || key == "plugins" ||
                       key == "dir" || key == "hooks" || key == "max_body" ||
                       (key == "start" && value.empty());
    if (!known) throw std::invalid_argument("the server script has '" + key + "': " + value.dump());
  }
}

}  // namespace

server::server(const json& trace) : trace_(trace) {
  check_script(trace_["server_script"]);
  if (trace_["server_script"].value("plugins", false)) {
    folder_.emplace();
    write_files(folder_->path("static"));
  }
  std::promise<void> ready;
  thread_ = std::thread([this, &ready] {
    const json& options = trace_["server_script"]["loop"];
    try {
      as::start_event_loop(
          [&] {
            log_.add({{"event", "loop-start"}});
            start();
            log_.add({{"event", "start-done"}});
            ready.set_value();
          },
          {.catch_app_errors = options.value("catch_app_errors", true)});
    } catch (const std::exception& error) {
      log_.add({{"event", "loop-error"}, {"cond", condition_name(error)}});
    }
    log_.add({{"event", "loop-exit"}});
  });
  ready.get_future().get();
}

server::~server() {
  stop();
}

int server::number_of(as::socket& which) {
  const auto found = std::find(sockets_.begin(), sockets_.end(), &which);
  if (found != sockets_.end()) return static_cast<int>(found - sockets_.begin()) + 1;
  sockets_.push_back(&which);
  return static_cast<int>(sockets_.size());
}

void server::start() {
  const json& script = trace_["server_script"];
  as::clear_routes();
  as::clear_hooks();
  as::clear_error_handlers();
  as::config() = {};
  if (script.contains("max_body")) as::config().max_body_size = script["max_body"].get<std::size_t>();
  // Sockets are numbered in the order in which they came, whatever is logged of them.
  as::add_hook(as::hook::connect, [this](as::socket& which) { number_of(which); });
  if (script.contains("hooks"))
    define_hooks(script["hooks"].get<std::string>(), log_,
                 [this](as::socket& which) { return number_of(which); });
  define_recorded_app(trace_, log_, clock_);
  if (folder_) {
    as::load_plugins();
    define_plugin_app(log_, folder_->path("static"));
  }
  as::listener what{.bind = "127.0.0.1", .port = 0};
  if (script.value("listener_event_cb", false))
    what.event_cb = [this](const std::exception& event, const std::shared_ptr<as::socket>& which) {
      const auto about = as::event_socket(event);
      log_.add({{"event", "listener-event-cb"},
                {"socket_arg", which ? json(number_of(*which)) : json()},
                {"cond", condition_name(event)},
                {"sock", about ? json(number_of(*about)) : json()}});
    };
  listener_ = as::start_server(what);
  port_ = listener_->port();
  bell_ = as::make_notifier(
      [this] {
        std::function<void()> fn;
        {
          const std::scoped_lock lock(mutex_);
          fn = std::exchange(posted_, nullptr);
        }
        if (fn) fn();
      },
      {.single_shot = false});
}

void server::in_loop(const std::function<void()>& fn) {
  std::promise<void> done;
  {
    const std::scoped_lock lock(mutex_);
    posted_ = [&] {
      fn();
      done.set_value();
    };
  }
  as::trigger_notifier(*bell_);
  done.get_future().get();
}

void server::settle() {
  // A turn of the loop may have begun before the octets came, the one behind it has not.
  for (int turn = 0; turn < 3; ++turn) in_loop([] {});
}

void server::advance(std::chrono::milliseconds time) {
  settle();
  in_loop([&] { clock_.advance(time); });
  settle();
}

void server::stop() {
  if (!thread_.joinable()) return;
  log_.add({{"event", "stop-request"}});
  log_.freeze();
  in_loop([this] {
    as::stop_server(*std::exchange(listener_, nullptr), std::chrono::milliseconds(0),
                    [](std::size_t) { as::exit_event_loop(); });
  });
  thread_.join();
}

}  // namespace antiphon::wookie_replay
