// What holds for every run, whatever its script: the model. It knows the script and what the peer did, and
// checks only what follows from these for sure.

#include <algorithm>

#include "judge.hpp"

namespace antiphon::conformance {

namespace {

constexpr std::int64_t largest_block = 256 * 1024;  // AS-096

Violation broken(const char* rule, const std::string& says, std::string expected = "") {
  return {rule, std::string(rule) + " violated: " + says, static_cast<std::size_t>(-1), std::move(expected)};
}

}  // namespace

std::optional<Violation> Model::walk() {
  const Trace& trace = run_.trace;
  for (std::size_t at = 0; at < trace.size(); ++at) {
    const Event& event = trace[at];
    if (event.kind == "EX") ++reported_;
    if (event.connection < 0) continue;
    Connection& connection = connections_[event.connection];
    if (is_callback(event.kind)) {
      note_rules(event);
      if (event.kind == "CM" && event.connection < last_made_)
        return blame(trace, at, "MANY-03",
                     "connection " + std::to_string(event.connection) + " is made behind connection " +
                         std::to_string(last_made_) + ", though it was accepted before");
      // Re-entrancy first: it explains most of what else is out of order.
      if (auto violation = reentrancy(connection, at)) return violation;
      if (auto violation = connection.order.step(trace, at)) return violation;
      if (event.kind == "CM") last_made_ = event.connection;
      if (auto violation = silence(connection, at)) return violation;
      if (auto violation = marks(at)) return violation;
      if (auto violation = data(connection, at)) return violation;
      if (event.kind == "CL") connection.cause = event.text("cause", "?");
    }
    connection.done.apply(run_.scenario.server, event);
  }
  return std::nullopt;
}

void Model::note_rules(const Event& event) {
  if (event.kind == "CM") exercised_.insert({"ORD-01", "ONCE-01"});
  if (event.kind == "DR") exercised_.insert({"ORD-11", "LIM-06"});
  if (event.kind == "ER") exercised_.insert({"ORD-03", "ORD-04"});
  if (event.kind == "CL") exercised_.insert({"ORD-02", "ORD-05"});
  if (event.kind == "PW") exercised_.insert("FLOW-01");
  if (event.kind == "PW" && event.fields.contains("buffered") && run_.transport != "tls")
    exercised_.insert("FLOW-02");
  if (event.kind == "RW" && event.fields.contains("buffered") && run_.transport != "tls")
    exercised_.insert("FLOW-03");
}

/// Callbacks come from the loop, not from inside what the application calls; only pause_writing does.
std::optional<Violation> Model::reentrancy(const Connection& connection, std::size_t at) {
  const std::string& inside = connection.done.inside;
  const std::string& kind = run_.trace[at].kind;
  if (inside.empty() || kind == "PW") return std::nullopt;
  if (kind == "DR") return blame(run_.trace, at, "REEN-01", "data_received inside " + inside);
  if (kind == "ER") return blame(run_.trace, at, "REEN-03", "eof_received inside " + inside);
  if (kind == "CL") return blame(run_.trace, at, "CLO-06", "connection_lost inside " + inside);
  if (kind == "RW")
    return blame(run_.trace, at, inside == "set_limits" ? "REEN-04" : "REEN-02",
                 "resume_writing inside " + inside);
  return std::nullopt;
}

/// While reading is paused, and after a close, nothing is told of the peer's sending.
std::optional<Violation> Model::silence(const Connection& connection, std::size_t at) {
  const Event& event = run_.trace[at];
  const Done& done = connection.done;
  if (event.kind != "DR" && event.kind != "ER") return std::nullopt;
  const std::string what = event.kind == "DR" ? "data_received" : "eof_received";
  if (!done.closed_in.empty()) {
    // A TLS connection waits for the peer's close_notify, and may tell of it (AS-233).
    if (event.kind == "ER" && run_.transport == "tls") return std::nullopt;
    return blame(run_.trace, at,
                 event.kind == "ER"       ? "ORD-08"
                 : done.closed_in == "CM" ? "CLO-10"
                                          : "CLO-01",
                 what + " after close", "CL");
  }
  if (event.kind == "ER" && run_.transport == "tls" && done.maybe_closed) return std::nullopt;
  if (!done.paused_in.empty())
    return blame(run_.trace, at, done.paused_in == "CM" ? "READ-03" : "READ-01",
                 what + " while reading is paused", "nothing of the peer's until resume_reading");
  return std::nullopt;
}

/// What waited at a pause and at a resume, where the marks are known and never changed. TLS counts otherwise
/// (AS-239, AS-241).
std::optional<Violation> Model::marks(std::size_t at) {
  const Event& event = run_.trace[at];
  if (run_.scenario.server.has("set_limits") || run_.scenario.steps("act") || run_.transport == "tls" ||
      !event.fields.contains("buffered"))
    return std::nullopt;
  const auto [high, low] =
      run_.scenario.server.limits.value_or(std::pair<std::size_t, std::size_t>(65536, 16384));
  const std::int64_t buffered = event.count("buffered");
  if (event.kind == "PW" && buffered <= static_cast<std::int64_t>(high))
    return blame(run_.trace, at, "FLOW-02",
                 "pause_writing at " + std::to_string(buffered) + " octets, not above the mark of " +
                     std::to_string(high));
  if (event.kind == "RW" && buffered > static_cast<std::int64_t>(low))
    return blame(run_.trace, at, "FLOW-03",
                 "resume_writing at " + std::to_string(buffered) + " octets, above the mark of " +
                     std::to_string(low));
  return std::nullopt;
}

/// The peer's record is of one connection.
bool Model::one_connection() const {
  const Json& steps = run_.scenario.peer;
  return !run_.scenario.steps("connect_many") &&
         std::count_if(steps.begin(), steps.end(), [](const Json& step) { return step[0] == "connect"; }) ==
             1;
}

/// The blocks, in order, are the stream that the peer sent.
std::optional<Violation> Model::data(Connection& connection, std::size_t at) {
  const Event& event = run_.trace[at];
  if (event.kind == "DR" && event.count("bytes") == 0)
    return blame(run_.trace, at, "ORD-11", "an empty block", "at least one octet");
  if (event.kind == "DR" && event.count("bytes") > largest_block)
    return blame(run_.trace, at, "LIM-06",
                 "a block of " + std::to_string(event.count("bytes")) + " octets, more than " +
                     std::to_string(largest_block));
  if (event.connection != 0 || !one_connection() || run_.scenario.steps("send_text") || !run_.reached_end)
    return std::nullopt;
  const std::uint64_t sent = run_.peer.sent;
  const bool parting =
      run_.transport == "tls" && (!connection.done.closed_in.empty() || connection.done.maybe_closed);
  if (event.kind == "ER" && connection.received != sent && !parting) {
    if (run_.peer.aborted) return blame(run_.trace, at, "CAU-03", "a reset was told as an end", "CL(reset)");
    if (connection.done.was_paused)
      return blame(run_.trace, at, "READ-02", "the end was told before what waited at the pause", "DR");
    return blame(run_.trace, at, "OCT-01",
                 "the end was told after " + std::to_string(connection.received) + " of " +
                     std::to_string(sent) + " octets",
                 "DR");
  }
  if (event.kind != "DR") return std::nullopt;
  exercised_.insert("OCT-01");
  const auto size = static_cast<std::size_t>(event.count("bytes"));
  if (connection.received + size > sent)
    return blame(run_.trace, at, "OCT-01",
                 "more octets than the " + std::to_string(sent) + " that were sent");
  if (event.count("sum") != static_cast<std::int64_t>(crc32(stream_octets(connection.received, size))))
    return blame(run_.trace, at, "OCT-01", "other octets than were sent");
  connection.received += size;
  return std::nullopt;
}

std::optional<Violation> Model::close_books() const {
  if (auto violation = errors()) return violation;
  if (auto violation = causes()) return violation;
  return output();
}

/// Every error of a callback is reported once, and nothing else is.
std::optional<Violation> Model::errors() const {
  const Script& script = run_.scenario.server;
  if (script.puts_off("raise") || run_.scenario.steps("limit_descriptors") || run_.scenario.steps("act") ||
      run_.scenario.steps("stop_loop"))
    return std::nullopt;
  int raised = 0;
  std::string in;
  for (const auto& [number, connection] : connections_) {
    raised += connection.done.raised;
    if (in.empty()) in = connection.done.raised_in;
  }
  static const std::map<std::string, const char*> rules{{"CM", "ERR-03"}, {"DR", "ERR-01"}, {"ER", "ERR-05"},
                                                        {"PW", "ERR-06"}, {"RW", "ERR-07"}, {"CL", "ERR-04"}};
  const std::string counts = std::to_string(reported_) + " reports of " + std::to_string(raised) + " errors";
  if (raised > 0) exercised_.insert({"ONCE-02", rules.at(in)});
  if (raised > 0 && reported_ < raised) return broken(rules.at(in), counts, "EX");
  if (raised > 0 && reported_ > raised) return broken("ONCE-02", counts + ": EX EX");
  if (reported_ == 0) return std::nullopt;
  if (raised > 0) return std::nullopt;
  const bool in_resume = std::any_of(connections_.begin(), connections_.end(),
                                     [](const auto& each) { return each.second.done.closed_in == "RW"; });
  return broken(in_resume ? "CLO-09" : "CAU-05",
                "the loop's handler was told of an error (EX), but no callback threw one", "no EX");
}

/// A peer that read to the end of a connection did not break it, so its end has no cause but the script's.
std::optional<Violation> Model::causes() const {
  for (const auto& [number, connection] : connections_) {
    const Done& done = connection.done;
    if (!one_connection() || connection.cause.empty() || run_.scenario.steps("act") ||
        run_.transport == "tls")
      continue;
    const bool ended_by_server = run_.peer.end == "eof" && !run_.peer.aborted;
    if (ended_by_server && done.fatal_in.empty() && !done.closed_in.empty() && connection.cause != "none") {
      const char* rule = done.raised > 0 ? "CAU-06" : done.closed_by_end ? "CAU-02" : "CAU-01";
      return broken(rule, "the connection ended well, but with CL(" + connection.cause + ")", "CL(none)");
    }
    const bool broke = run_.scenario.steps("rst") && run_.peer.aborted;
    if (broke && connection.cause == "none" && done.closed_in.empty() && !done.maybe_closed &&
        done.fatal_in.empty() && connection.order.life == Life::lost && done.counts.count("ER") == 0)
      return broken(done.was_paused ? "CAU-04" : "CAU-03",
                    "the peer reset the connection, but it ended with CL(none)", "CL(reset)");
  }
  return std::nullopt;
}

/// What was written before an orderly end has arrived; nothing else has.
std::optional<Violation> Model::output() const {
  const Scenario& scenario = run_.scenario;
  const auto found = connections_.find(0);
  const bool no_stream = scenario.steps("truncate") && !scenario.steps("handshake");  // TLS never began
  if (found == connections_.end() || no_stream) return std::nullopt;
  if (run_.peer.wrong_at >= 0 && !found->second.done.echoed_late &&
      !(scenario.server.has("echo") && scenario.server.has("write")))
    return broken("OCT-02", "octet " + std::to_string(run_.peer.wrong_at) +
                                " that the peer read is not the one that was written");
  if (scenario.peer_reads || scenario.peer_reads_below || !one_connection() || scenario.steps("stop_loop"))
    return std::nullopt;
  const Done& done = found->second.done;
  if (done.unknown_writes || done.aborted || !done.fatal_in.empty() || done.maybe_closed || done.raised > 0)
    return std::nullopt;
  if (run_.peer.read > done.written + done.perhaps_written)
    return broken("OCT-02", "the peer read " + std::to_string(run_.peer.read) + " octets, more than the " +
                                std::to_string(done.written) + " that were written");
  if ((run_.peer.end != "eof" && run_.peer.end != "close-notify") || found->second.cause != "none")
    return std::nullopt;
  exercised_.insert("OCT-02");
  if (run_.peer.read >= done.written) return std::nullopt;
  const char* rule = done.closed_by_end        ? "HALF-02"
                     : !done.closed_in.empty() ? "CLO-02"
                     : done.eof_sent           ? "HALF-03"
                                               : "OCT-03";
  return broken(rule, "the peer read " + std::to_string(run_.peer.read) + " of the " +
                          std::to_string(done.written) + " octets that were written before the end");
}

std::optional<Violation> check_model(const Run& run, std::vector<std::string>& exercised) {
  std::set<std::string> rules(exercised.begin(), exercised.end());
  Model model(run, rules);
  auto violation = model.walk();
  if (!violation && run.reached_end) violation = model.close_books();
  exercised.assign(rules.begin(), rules.end());
  return violation;
}

}  // namespace antiphon::conformance
