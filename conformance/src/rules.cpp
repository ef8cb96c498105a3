#include "rules.hpp"

#include <array>

namespace antiphon::conformance {

namespace {

constexpr auto must = Level::must;
constexpr auto should = Level::should;

constexpr std::array rules{
    Rule{"ORD-01", must, "order", "connection_made is called once, before any other callback.",
         "AS-094 CL-091"},
    Rule{"ORD-02", must, "order", "Nothing is called after connection_lost.", "AS-095"},
    Rule{"ORD-03", must, "order", "No data_received comes after eof_received.", "AS-098 CL-145"},
    Rule{"ORD-04", must, "order",
         "eof_received is called at most once, whatever is paused and resumed after it.", "AS-099"},
    Rule{"ORD-05", must, "order", "connection_lost is called exactly once for each connection_made.",
         "AS-095"},
    Rule{"ORD-06", must, "order", "Data that came before connection_made returned is told after it.",
         "AS-060 CL-091"},
    Rule{"ORD-07", must, "order",
         "A callback put off inside connection_made runs before the first data_received.", "AS-061"},
    Rule{"ORD-08", must, "order",
         "eof_received is not called when the connection ends by reset, local close or abort.",
         "AS-101 CL-125"},
    Rule{"CLO-01", must, "closing", "After close no data_received and no eof_received is called.",
         "AS-188 CL-131"},
    Rule{"CLO-02", must, "closing", "close sends all that was written before it ends the connection.",
         "AS-186 CL-121"},
    Rule{"CLO-03", must, "closing", "A second close does nothing.", "AS-190 CL-124"},
    Rule{"CLO-04", must, "closing", "abort drops what is not sent and ends the connection at once.",
         "AS-197 CL-122"},
    Rule{"CLO-05", must, "closing", "is_closing is true as soon as close or abort was called.",
         "AS-189 CL-120"},
    Rule{"CLO-06", must, "closing", "connection_lost is never called from inside close or abort.",
         "AS-102 AS-185"},
    Rule{"CLO-07", must, "closing", "abort after a close that waits for its output ends the wait.", "AS-192"},
    Rule{"CLO-08", must, "closing", "write after close is ignored without an error.", "AS-163 CL-111"},
    Rule{"CLO-09", should, "closing", "close inside resume_writing gives one connection_lost and no error.",
         "AS-140"},
    Rule{"CAU-01", must, "causes", "The cause of connection_lost is none after a local close or abort.",
         "AS-200"},
    Rule{"CAU-02", must, "causes", "The cause of connection_lost is none after the peer's end of data.",
         "AS-201"},
    Rule{"CAU-03", must, "causes", "The cause of connection_lost is the reset when a read finds one.",
         "AS-202 CL-147"},
    Rule{"CAU-04", must, "causes",
         "The cause of connection_lost is the error when a send finds the peer gone.",
         "AS-194 AS-204 CL-113"},
    Rule{"CAU-05", must, "causes", "An error of the connection never reaches the loop's own handler.",
         "AS-162"},
    Rule{"HALF-01", must, "half-close", "If eof_received returns true the connection stays open for writing.",
         "AS-181"},
    Rule{"HALF-02", must, "half-close",
         "If eof_received returns false the connection is closed and its output flushed.", "AS-180"},
    Rule{"HALF-03", must, "half-close", "write_eof ends the sending side after what was written.",
         "AS-171 AS-172"},
    Rule{"HALF-04", must, "half-close", "After write_eof data is still received.", "AS-173"},
    Rule{"HALF-05", must, "half-close", "A second write_eof does nothing.", "AS-174"},
    Rule{"FLOW-01", must, "flow control",
         "pause_writing and resume_writing alternate, beginning with pause_writing.", "AS-123"},
    Rule{"FLOW-02", must, "flow control", "pause_writing comes only when more than the high mark waits.",
         "AS-119 AS-120"},
    Rule{"FLOW-03", must, "flow control", "resume_writing comes only when no more than the low mark waits.",
         "AS-122"},
    Rule{"FLOW-04", must, "flow control",
         "pause_writing is called from inside the write that went over the mark.", "AS-103"},
    Rule{"FLOW-05", must, "flow control", "Writing inside resume_writing is allowed and may pause again.",
         "AS-134"},
    Rule{"FLOW-06", must, "flow control", "Lowering the marks below what waits pauses at once.", "AS-127"},
    Rule{"FLOW-07", must, "flow control",
         "When the connection is aborted while paused no resume_writing comes first.", "AS-133"},
    Rule{"FLOW-08", must, "flow control", "Writing while paused is kept and does not pause again.", "AS-124"},
    Rule{"FLOW-09", must, "flow control", "Marks with high below low are refused.", "AS-117"},
    Rule{"READ-01", must, "read pause",
         "Between pause_reading and resume_reading no data_received and no eof_received is called.",
         "AS-142"},
    Rule{"READ-02", must, "read pause",
         "What waits at the pause is told after the resume, the end after the data.", "AS-148 AS-150"},
    Rule{"READ-03", should, "read pause", "pause_reading inside connection_made is honoured.", "AS-147"},
    Rule{"READ-04", must, "read pause", "Pausing twice and resuming without a pause do nothing.", "AS-143"},
    Rule{"READ-05", must, "read pause", "close works while reading is paused.", "AS-152"},
    Rule{"OCT-01", must, "octets",
         "What data_received gets is a prefix of what the peer sent, all of it before eof_received.",
         "AS-097 CL-145"},
    Rule{"OCT-02", must, "octets", "What the peer reads is what was written, in order, once.",
         "AS-159 CL-101"},
    Rule{"OCT-03", must, "octets", "All that was written before a close or write_eof arrives.",
         "AS-186 AS-172 CL-121"},
    Rule{"OCT-04", must, "octets", "Parts written by one gathered call arrive as one stream.", "AS-167"},
    Rule{"ERR-01", must, "errors", "An error of data_received is reported to the loop's handler.",
         "AS-205 CL-031"},
    Rule{"ERR-02", must, "errors", "An error of data_received becomes the cause of connection_lost.",
         "AS-205"},
    Rule{"ERR-03", must, "errors", "An error of connection_made is reported and the connection goes on.",
         "AS-208"},
    Rule{"ERR-04", must, "errors", "An error of connection_lost is reported and the server goes on.",
         "AS-209"},
    Rule{"ERR-05", must, "errors", "An error of eof_received is reported and ends the connection.", "AS-207"},
    Rule{"ERR-06", must, "errors", "An error of pause_writing is reported and the write succeeds.", "AS-135"},
    Rule{"LIS-01", must, "listener", "Closing the listener leaves its connections alone.", "AS-066 CL-097"},
    Rule{"LIS-02", must, "listener", "Connections keep apart: each has its own order of callbacks.",
         "AS-053 AS-094"},
};

}  // namespace

std::span<const Rule> all_rules() noexcept {
  return rules;
}

const Rule* find_rule(std::string_view id) noexcept {
  for (const Rule& rule : rules)
    if (rule.id == id) return &rule;
  return nullptr;
}

std::string_view name_of(Level level) noexcept {
  return level == Level::must ? "MUST" : "SHOULD";
}

}  // namespace antiphon::conformance
