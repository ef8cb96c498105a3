#include "scripted_connection.hpp"

#include <system_error>

namespace antiphon::conformance {

void ScriptedConnection::tell(std::string kind, Json fields) {
  if (protocol_ == 2) fields["protocol"] = 2;
  log_.add({std::move(kind), number_, events_++, std::move(fields)});
}

void ScriptedConnection::run_event(const std::string& kind) {
  run(script_->actions(kind, ++counts_[kind]));
}

void ScriptedConnection::on_made() {
  if (script_->limits) set_limits(script_->limits->first, script_->limits->second);
  tell("CM");
  run_event("CM");
}

void ScriptedConnection::on_data(std::span<const std::byte> octets) {
  received_.assign(reinterpret_cast<const char*>(octets.data()), octets.size());
  tell("DR", {{"bytes", octets.size()}, {"sum", crc32(received_)}});
  run_event("DR");
}

bool ScriptedConnection::on_eof() {
  returned_ = false;
  tell("ER");
  run_event("ER");
  return returned_;
}

void ScriptedConnection::on_flow(const char* kind) {
  paused_ = kind[0] == 'P';
  tell(kind, {{"buffered", buffer_size()}});
  run_event(kind);
}

void ScriptedConnection::on_lost(const std::string& cause, const std::string& message) {
  lost_ = true;
  tell("CL", {{"cause", cause}, {"message", message}});
  run_event("CL");
}

void ScriptedConnection::on_other(const std::string& kind, const std::string& message) {
  tell("EV", {{"kind", kind}, {"message", message}});
}

void ScriptedConnection::run(const Actions& actions) {
  for (const Json& action : actions) act(action);
}

void ScriptedConnection::act(const Json& action) {
  const std::string name = action.at(0);
  if (name == "raise") throw Raised(action.at(1).get<std::string>());
  try {
    perform(action);
  } catch (const Raised&) {
    throw;
  } catch (const std::exception& error) {
    tell("RT", {{"action", name}, {"raised", kind_of(error)}, {"message", error.what()}});
  }
}

std::string ScriptedConnection::next(std::size_t size) {
  std::string octets = stream_octets(written_, size);
  written_ += size;
  return octets;
}

/// Does nothing once the connection's record is gone: timers outlive scenarios.
std::function<void()> ScriptedConnection::put_off(const Json& actions) {
  return [this, alive = std::weak_ptr<bool>(alive_), actions] {
    if (alive.lock()) run(actions);
  };
}

void ScriptedConnection::perform(const Json& action) {
  const std::string name = action.at(0);
  const auto optional_size = [&](std::size_t index) -> std::optional<std::size_t> {
    if (index >= action.size() || action[index].is_null()) return std::nullopt;
    return action[index].get<std::size_t>();
  };
  if (name == "write") {
    write(next(action.at(1)));
  } else if (name == "writelines") {
    std::vector<std::string> parts;
    for (const Json& size : action.at(1)) parts.push_back(next(size));
    writelines(parts);
  } else if (name == "write_until_paused") {
    const std::size_t piece = action.at(1);
    for (std::size_t done = 0; done < action.at(2).get<std::size_t>() && !paused_; done += piece)
      write(next(piece));
  } else if (name == "echo") {
    write(received_);
  } else if (name == "write_eof") {
    write_eof();
  } else if (name == "close") {
    close();
  } else if (name == "abort") {
    abort();
  } else if (name == "pause_reading") {
    pause_reading();
  } else if (name == "resume_reading") {
    resume_reading();
  } else if (name == "set_limits") {
    set_limits(optional_size(1), optional_size(2));
  } else if (name == "is_closing") {
    tell("RT", {{"action", name}, {"value", is_closing()}});
  } else if (name == "is_reading") {
    tell("RT", {{"action", name}, {"value", is_reading()}});
  } else if (name == "buffer_size") {
    tell("RT", {{"action", name}, {"value", buffer_size()}});
  } else if (name == "limits") {
    const auto [low, high] = limits();
    tell("RT", {{"action", name}, {"value", {low, high}}});
  } else if (name == "return") {
    returned_ = action.at(1);
  } else if (name == "later") {
    later(std::chrono::milliseconds(action.at(1).get<int>()), put_off(action.at(2)));
  } else if (name == "soon") {
    soon(put_off(action.at(1)));
  } else if (name == "set_protocol") {
    set_protocol();
  } else if (name == "stop_listener") {
    stop_listener();
  } else if (name == "note") {
    tell("note", {{"text", action.at(1)}});
  } else {
    throw std::invalid_argument("unknown action '" + name + "'");
  }
}

std::vector<std::string> common_offers() {
  return {"tcp",           "write_eof", "keep_open_after_eof", "flow_control", "set_write_buffer_limits",
          "pause_reading", "abort",     "exceptions",          "writelines"};
}

}  // namespace antiphon::conformance
