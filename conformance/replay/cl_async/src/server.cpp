#include "server.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "json_text.hpp"
#include "operations.hpp"

namespace antiphon::conformance::cl_async {

namespace cl = cl_async_style;
using std::chrono::milliseconds;

namespace {

/// How often the loop goes round until what was in the kernel is dispatched and the ticks after it have run:
/// one round to poll, one for the ticks, as many again for what those do.
constexpr int settle_rounds = 5;
/// A delay is held so long at most for a peer that does not come to wait; only against a hang.
constexpr milliseconds longest_hold{10'000};

}  // namespace

Server::Server(const ServerScript& script, Stage& stage) : script_(script), stage_(stage) {
  stage.settle = [this] { settle(); };
  stage.request_stop = [this] { request_stop(); };
}

void Server::run() {
  const auto numbered = [this](cl::socket& of) { return number(of); };
  const auto logged = [this, numbered](const char* name) {
    return cl::event_callback([this, numbered, name](const std::exception& error) {
      Json event = describe(error, numbered);
      event["event"] = name;
      log(std::move(event));
    });
  };
  cl::event_loop_options options;
  if (script_.catch_function)
    options.catch_app_errors = logged("catch-function");
  else
    options.catch_app_errors = script_.catch_app_errors;
  options.handle_error = logged("handle-error");
  options.send_errors_to_eventcb = script_.send_errors_to_eventcb;
  options.warning_cb = [this](std::string_view text) { log({{"event", "warning"}, {"msg", text}}); };
  options.upstream_quirks = true;
  options.exit_grace = patience;

  log({{"event", "loop-start"}});
  try {
    cl::start_event_loop([this] { start(); }, std::move(options));
    log({{"event", "loop-exit"}});
  } catch (const std::exception& error) {
    logged("loop-error")(error);
  }
  leave();
  stage_.log.end();
}

/// From now on the peer's thread has nothing to wait for in the loop.
void Server::leave() {
  const std::scoped_lock lock(mutex_);
  over_ = true;
  settled_.notify_all();
}

void Server::start() {
  cl::add_event_loop_exit_callback([this] { leave(); });
  {
    const std::scoped_lock lock(mutex_);
    bell_ = cl::make_notifier([this] { rang(); }, {.single_shot = false});
    cl::unref(*bell_);
    if (rounds_ > 0 || stop_requested_) ring();
  }
  run_ops(script_.start, nullptr);
  log({{"event", "start-done"}});
}

void Server::run_ops(const Ops& ops, const SocketPtr& on) {
  for (const Op& op : ops) {
    try {
      run_operation(*this, op, on);
    } catch (const AppError&) {
      throw;
    } catch (const HarnessError& error) {
      stage_.fail(error.what());
      cl::exit_event_loop();
      return;
    } catch (const std::exception& error) {
      if (op.flag("propagate")) throw;
      log_op_error(op.name, error);
    }
  }
}

void Server::log_op(const std::string& op, Json fields) {
  fields["event"] = "op";
  fields["op"] = op;
  log(std::move(fields));
}

void Server::log_op_error(const std::string& op, const std::exception& error) {
  Json event = describe(error, [this](cl::socket& of) { return number(of); });
  event["event"] = "op-error";
  event["op"] = op;
  log(std::move(event));
}

int Server::number(cl::socket& of) {
  const auto [place, is_new] = numbers_.try_emplace(&of, static_cast<int>(numbers_.size()) + 1);
  if (is_new) kept_.push_back(of.ref());
  return place->second;
}

// Callbacks

void Server::run_list(const std::string& callback, const std::string& via, Whose whose, const SocketPtr& on) {
  const auto& lists = whose == Whose::listener ? script_.defaults : script_.named;
  const auto& name = whose == Whose::listener ? callback : via;
  slept_ = std::make_shared<milliseconds>(0);
  const std::size_t call = calls_[whose == Whose::listener ? name : ":" + name][on ? number(*on) : 0]++;
  if (const auto found = lists.find(name); found != lists.end() && call < found->second.size())
    run_ops(found->second[call], on);
}

cl::read_callback Server::read_cb(std::string via, Whose whose) {
  return [this, via = std::move(via), whose](cl::socket& from, std::span<const std::byte> octets) {
    Json event{{"event", "read-cb"}, {"sock", number(from)}, {"via", via},
               {"n", octets.size()}, {"text", nullptr},      {"closed", cl::socket_closed_p(from)}};
    if (!octets.empty() && octets.size() <= short_text)
      event["text"] = json_text({reinterpret_cast<const char*>(octets.data()), octets.size()});
    log(std::move(event));
    run_list("read", via, whose, from.ref());
  };
}

cl::stream_read_callback Server::stream_read_cb(std::string via, Whose whose) {
  return [this, via = std::move(via), whose](cl::socket& from, cl::async_io_stream&) {
    log({{"event", "read-cb"},
         {"sock", number(from)},
         {"via", via},
         {"stream", true},
         {"closed", cl::socket_closed_p(from)}});
    run_list("read", via, whose, from.ref());
  };
}

cl::socket_callback Server::connect_cb(std::string via) {
  return [this, via = std::move(via)](cl::socket& made) {
    log({{"event", "connect-cb"},
         {"sock", number(made)},
         {"via", via},
         {"stream", cl::socket_stream(made) != nullptr}});
    run_list("connect", via, Whose::listener, made.ref());
  };
}

cl::socket_callback Server::write_cb(std::string via, Whose whose) {
  return [this, via = std::move(via), whose](cl::socket& to) {
    log({{"event", "write-cb"}, {"sock", number(to)}, {"via", via}, {"closed", cl::socket_closed_p(to)}});
    run_list("write", via, whose, to.ref());
  };
}

cl::event_callback Server::event_cb(std::string via, Whose whose) {
  return [this, via = std::move(via), whose](const std::exception& condition) {
    Json event = describe(condition, [this](cl::socket& of) { return number(of); });
    event["event"] = "event-cb";
    event["via"] = via;
    log(std::move(event));
    run_list("event", via, whose, cl::event_socket(condition));
  };
}

// Time

std::optional<milliseconds> Server::seconds(const Json& number) const {
  if (number.is_null()) return std::nullopt;
  return milliseconds(std::lround(number.get<double>() * 1000)) * stage_.stretch;
}

void Server::sleep(milliseconds time) {
  time *= stage_.stretch;
  std::this_thread::sleep_for(time);
  *slept_ += time;
  stage_.log.let_peer_come_to_wait(longest_hold);
}

void Server::run_held(const Held& held) {
  slept_ = std::make_shared<milliseconds>(0);
  held.what();
}

void Server::later(milliseconds time, std::function<void()> what) {
  time *= stage_.stretch;
  auto held = std::make_shared<Held>(Held{std::move(what), slept_, time});
  cl::delay(
      [this, held, time] {
        // Due at once when the callback that asked for it returns: no time for the peer between (CL-209).
        if (time.count() == 0 || (held_.empty() && (time_is_real_ || *held->slept >= time))) {
          run_held(*held);
          return;
        }
        held_.push_back(std::move(*held));
        if (held_.size() > 1) return;
        held_since_ = std::chrono::steady_clock::now();
        release_held(false);
      },
      {.time = time});
}

/// Runs what is due once the peer was seen waiting twice, with a poll between: then nothing of what it did is
/// still on its way.
void Server::release_held(bool seen_waiting) {
  const bool waits = stage_.log.peer_waits() || std::chrono::steady_clock::now() - held_since_ > longest_hold;
  if (!waits || !seen_waiting) {
    cl::delay([this, waits] { release_held(waits); }, {.time = milliseconds(1)});
    return;
  }
  const milliseconds time = held_.front().time;
  const auto due = static_cast<std::size_t>(
      std::find_if(held_.begin(), held_.end(), [time](const Held& each) { return each.time != time; }) -
      held_.begin());
  const auto go_on = [this] {
    if (!held_.empty()) cl::delay([this] { release_held(true); });
  };
  if (due == 1) {
    const Held only = next_held();
    go_on();
    run_held(only);
    return;
  }
  // Due at the same time: one after the other, and nothing between them (CL-201).
  for (std::size_t i = 0; i < due; ++i) cl::delay([this, each = next_held()] { run_held(each); });
  go_on();
}

Server::Held Server::next_held() {
  Held next = std::move(held_.front());
  held_.pop_front();
  return next;
}

// From the peer's thread

void Server::ring() {
  if (!bell_) return;  // start() rings
  try {
    cl::trigger_notifier(*bell_);
  } catch (const cl::notifier_freed&) {
    // The loop is being left: run() will tell.
  }
}

void Server::settle() {
  std::unique_lock lock(mutex_);
  if (over_) return;
  rounds_ = settle_rounds;
  ring();
  settled_.wait_for(lock, patience, [this] { return over_ || rounds_ == 0; });
}

void Server::request_stop() {
  settle();
  const std::scoped_lock lock(mutex_);
  if (over_) return;
  stop_requested_ = true;
  ring();
}

void Server::rang() {
  bool stop = false;
  {
    const std::scoped_lock lock(mutex_);
    if (rounds_ > 0 && --rounds_ > 0) ring();
    settled_.notify_all();
    stop = std::exchange(stop_requested_, false);
  }
  if (!stop) return;
  log({{"event", "stop-request"}});
  cl::exit_event_loop();
}

}  // namespace antiphon::conformance::cl_async
