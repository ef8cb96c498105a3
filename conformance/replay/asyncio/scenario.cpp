#include "scenario.hpp"

#include <algorithm>
#include <fstream>
#include <set>

namespace antiphon::asyncio_replay {

namespace {

const std::set<std::string> keys{"name",  "about",  "server",     "peer",           "peers",
                                 "main",  "listen", "protocol",   "bufsize",        "merge_dr",
                                 "debug", "sync",   "volatile_n", "volatile_order", "peers_by_main"};
const std::set<std::string> events{"CM", "DR", "ER", "CL", "PW", "RW", "GB", "BU", "factory"};
const std::set<std::string> actions{"write",
                                    "writelines",
                                    "write_as",
                                    "write_eof",
                                    "close",
                                    "abort",
                                    "pause_reading",
                                    "resume_reading",
                                    "is_closing",
                                    "is_reading",
                                    "can_write_eof",
                                    "set_limits",
                                    "get_limits",
                                    "get_size",
                                    "get_protocol",
                                    "set_protocol",
                                    "set_limits_to_size",
                                    "extra",
                                    "sockopt",
                                    "extra_socket_api",
                                    "server_close",
                                    "call_soon",
                                    "call_later_ms",
                                    "cancel",
                                    "mark",
                                    "busy_ms",
                                    "raise",
                                    "return"};
const std::set<std::string> peer_steps{
    "socket",         "connect",      "send",           "send_raw", "tls",
    "tls_hello_only", "close_notify", "read",           "rst",      "close",
    "read_until_eof", "sleep_ms",     "shutdown_write", "wait",     "mark"};
const std::set<std::string> main_steps{
    "wait",           "sleep_ms",   "block_ms",      "mark",          "do",
    "listen",         "peers",      "create_server", "builtin",       "create_unix_server",
    "server_info",    "server_get", "server_close",  "start_serving", "create_connection",
    "wait_closed",    "bg",         "cancel_task",   "task_done",     "async_with",
    "exhaust_fds",    "start_tls",  "release_fds",   "sendfile",      "path",
    "conns_by_server"};

void expect(const std::string& word, const std::set<std::string>& known, const std::string& what) {
  if (!known.contains(word)) throw HarnessError("unknown " + what + " '" + word + "'");
}

std::string word_of(const Json& step, const std::string& what) {
  if (!step.is_array() || step.empty() || !step.front().is_string()) {
    throw HarnessError(what + " is not a list that begins with a word: " + step.dump());
  }
  return step.front();
}

void check_actions(const std::vector<Json>& list);

void check_action(const Json& action) {
  const std::string word = word_of(action, "action");
  expect(word, actions, "action");
  const std::size_t nested = word == "call_soon" ? 2 : word == "call_later_ms" ? 3 : action.size();
  if (nested < action.size()) {
    check_actions(std::vector<Json>(action.begin() + static_cast<std::ptrdiff_t>(nested), action.end()));
  }
}

void check_actions(const std::vector<Json>& list) {
  for (const Json& action : list) check_action(action);
}

int number(const std::string& digits, const std::string& event) {
  if (digits.empty() ||
      !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c); })) {
    throw HarnessError("event '" + event + "' has no number after # or @");
  }
  return std::stoi(digits);
}

/// "B.DR#2@1"; the two suffixes in either order.
Handler parse_handler(const Json& line) {
  if (word_of(line, "server line") != "on" || line.size() < 2) {
    throw HarnessError("server line does not say [\"on\", event, action...]: " + line.dump());
  }
  const std::string text = line[1];
  Handler handler;
  std::string event = text.substr(0, text.find_first_of("#@"));
  for (std::size_t at = event.size(); at < text.size();) {
    const std::size_t next = std::min(text.find_first_of("#@", at + 1), text.size());
    const int value = number(text.substr(at + 1, next - at - 1), text);
    (text[at] == '#' ? handler.occurrence : handler.connection) = value;
    at = next;
  }
  if (const std::size_t dot = event.find('.'); dot != std::string::npos) {
    handler.protocol = event.substr(0, dot);
    event = event.substr(dot + 1);
  }
  expect(event, events, "event");
  handler.event = event;
  handler.actions.assign(line.begin() + 2, line.end());
  check_actions(handler.actions);
  return handler;
}

std::vector<Json> parse_steps(const Json& list, const std::set<std::string>& known, const std::string& what) {
  for (const Json& step : list) {
    if (step.is_object() && step.contains("builtin")) continue;  // the other spelling of a builtin step
    expect(word_of(step, what), known, what);
  }
  return list;
}

}  // namespace

Scenario parse_scenario(const Json& file) {
  for (const auto& [key, value] : file.items()) expect(key, keys, "key");
  Scenario scenario;
  scenario.name = file.at("name");
  scenario.about = file.value("about", "");
  for (const Json& line : file.value("server", Json::array()))
    scenario.handlers.push_back(parse_handler(line));
  if (file.contains("peers")) {
    for (const Json& peer : file["peers"])
      scenario.peers.push_back(parse_steps(peer, peer_steps, "peer step"));
  } else if (file.contains("peer")) {
    scenario.peers.push_back(parse_steps(file["peer"], peer_steps, "peer step"));
  }
  if (file.contains("main") && !file["main"].is_null()) {
    scenario.main = parse_steps(file["main"], main_steps, "main step");
  }
  scenario.listen = file.contains("listen") ? file["listen"] : Json{{"host", "127.0.0.1"}, {"port", 0}};
  scenario.protocol = file.value("protocol", "A");
  scenario.buffer_size = file.value("bufsize", scenario.buffer_size);
  scenario.sync = file.value("sync", "");
  scenario.merge_data_received = file.value("merge_dr", false);
  scenario.counts_are_volatile = file.value("volatile_n", false);
  scenario.order_is_volatile = file.value("volatile_order", false);
  scenario.debug = file.value("debug", false);
  scenario.main_starts_peers = file.value("peers_by_main", false);
  return scenario;
}

Scenario load_scenario(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw HarnessError("can't read scenario " + file.string());
  try {
    return parse_scenario(Json::parse(in));
  } catch (const Json::exception& error) {
    throw HarnessError(file.filename().string() + ": " + error.what());
  } catch (const HarnessError& error) {
    throw HarnessError(file.filename().string() + ": " + error.what());
  }
}

std::vector<std::filesystem::path> scenario_files(const std::filesystem::path& place) {
  if (std::filesystem::is_regular_file(place)) return {place};
  if (!std::filesystem::is_directory(place))
    throw HarnessError("no scenario file or folder: " + place.string());
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace antiphon::asyncio_replay
