#!/usr/bin/env node
// The adapter protocol, version 1, for Node.js `net`.
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const readline = require('node:readline');
const zlib = require('node:zlib');

// write() returning false is taken for pause_writing, 'drain' for resume_writing; marks can be set only when a
// server is made, so set_write_buffer_limits is not offered.
const OFFERS = ['tcp', 'unix', 'write_eof', 'keep_open_after_eof', 'flow_control', 'pause_reading', 'abort', 'exceptions',
  'writelines'];
const HIGH = 65536;

const say = (line) => fs.writeSync(1, JSON.stringify(line) + '\n');

/** CRC-32 of zip and Ethernet. */
const CRC = Array.from({ length: 256 }, (_, i) => {
  for (let bit = 0; bit < 8; ++bit) i = i & 1 ? (i >>> 1) ^ 0xedb88320 : i >>> 1;
  return i >>> 0;
});
function crc32(octets) {
  if (zlib.crc32) return zlib.crc32(octets);
  let crc = 0xffffffff;
  for (const octet of octets) crc = CRC[(crc ^ octet) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const causeOf = (error) =>
  !error ? 'none' : error.code === 'ECONNRESET' ? 'reset' : error.code === 'EPIPE' ? 'broken-pipe' : 'error';

const servers = new Map();
const connections = [];

class Raised extends Error {}

class Connection {
  constructor(id, script, socket) {
    Object.assign(this, { id, script, socket, number: connections.length, events: 0, counts: {}, written: 0,
      received: Buffer.alloc(0), returned: false, paused: false, closing: false, lost: false, error: null });
    connections.push(this);
    socket.on('data', (data) => {
      this.received = data;
      this.tell('DR', { bytes: data.length, sum: crc32(data) });
      this.run('DR');
    });
    socket.on('end', () => {
      this.returned = false;
      this.tell('ER');
      try {
        this.run('ER');
      } finally {
        if (!this.returned && !this.closing) this.perform('close');
      }
    });
    socket.on('drain', () => {
      if (!this.paused) return;
      this.paused = false;
      this.tell('RW', { buffered: socket.writableLength });
      this.run('RW');
    });
    socket.on('error', (error) => { this.error = error; });
    socket.on('close', () => {
      this.lost = true;
      this.tell('CL', { cause: causeOf(this.error), message: this.error ? this.error.message : '' });
      this.run('CL');
    });
  }

  made() {
    this.tell('CM', { listener: this.id });
    this.run('CM');
  }

  tell(event, fields = {}) {
    say({ event, c: this.number, n: this.events++, ...fields });
  }

  run(event) {
    this.counts[event] = (this.counts[event] || 0) + 1;
    const nth = ((this.script.on_nth || {})[event] || {})[this.counts[event]];
    this.act(nth || (this.script.on || {})[event] || []);
  }

  act(actions) {
    for (const [name, ...args] of actions) {
      if (name === 'raise') throw new Raised(args[0]);
      try {
        const value = this.perform(name, ...args);
        if (['is_closing', 'is_reading', 'buffer_size', 'limits'].includes(name)) this.tell('RT', { action: name, value });
      } catch (error) {
        if (error instanceof Raised) throw error;
        const kind = error instanceof TypeError ? 'type-error' : error instanceof RangeError ? 'value-error' : 'runtime-error';
        this.tell('RT', { action: name, raised: kind, message: error.message });
      }
    }
  }

  octets(count) {
    const made = Buffer.alloc(count);
    for (let i = 0; i < count; ++i) made[i] = (this.written + i) % 251;
    this.written += count;
    return made;
  }

  send(octets) {
    if (octets.length === 0 || this.socket.write(octets) || this.paused || this.closing || this.socket.destroyed) return;
    this.paused = true;
    this.tell('PW', { buffered: this.socket.writableLength });
    this.run('PW');
  }

  perform(name, ...args) {
    const socket = this.socket;
    switch (name) {
      case 'write': return this.send(this.octets(args[0]));
      case 'writelines':
        socket.cork();
        for (const count of args[0]) if (count > 0) socket.write(this.octets(count));
        return socket.uncork();
      case 'write_until_paused':
        for (let done = 0; done < args[1] && !this.paused; done += args[0]) this.send(this.octets(args[0]));
        return undefined;
      case 'echo': return this.send(this.received);
      case 'write_eof': if (!this.closing) socket.end(); return undefined;
      case 'close':
        this.closing = true;
        socket.pause();
        return socket.destroySoon();
      case 'abort':
        this.closing = true;
        return socket.destroy();
      case 'pause_reading': return socket.pause();
      case 'resume_reading': if (!this.closing) socket.resume(); return undefined;
      case 'is_closing': return this.closing || socket.destroyed;
      case 'is_reading': return !socket.isPaused() && !this.closing;
      case 'buffer_size': return socket.writableLength;
      case 'limits': return [0, socket.writableHighWaterMark];
      case 'return': this.returned = args[0]; return undefined;
      case 'later': return void setTimeout(() => this.act(args[1]), args[0]);
      case 'soon': return void setImmediate(() => this.act(args[0]));
      case 'stop_listener': return void servers.get(this.id).close();
      case 'note': return this.tell('note', { text: args[0] });
      default: throw new Error(`unknown action ${name}`);
    }
  }
}

const ACTIONS = new Set(['write', 'writelines', 'write_until_paused', 'echo', 'write_eof', 'close', 'abort', 'pause_reading',
  'resume_reading', 'is_closing', 'is_reading', 'buffer_size', 'limits', 'return', 'raise', 'later', 'soon', 'stop_listener',
  'note']);

function unknownAction(actions) {
  for (const [name, ...args] of actions) {
    if (!ACTIONS.has(name)) return name;
    const found = unknownAction(name === 'later' ? args[1] : name === 'soon' ? args[0] : []);
    if (found) return found;
  }
  return null;
}

function listen(request) {
  const script = request.script || {};
  const lists = [...Object.values(script.on || {}), ...Object.values(script.on_nth || {}).flatMap(Object.values)];
  for (const actions of lists) {
    const unknown = unknownAction(actions);
    if (unknown) return say({ reply: 'error', id: request.id, kind: 'not-offered', message: unknown });
  }
  if (!['tcp', 'unix'].includes(request.transport))
    return say({ reply: 'error', id: request.id, kind: 'not-offered', message: request.transport });
  const highWaterMark = script.limits ? script.limits[0] : HIGH;
  const server = net.createServer({ allowHalfOpen: true, highWaterMark }, (socket) => {
    new Connection(request.id, script, socket).made();
  });
  servers.set(request.id, server);
  server.once('error', (error) => say({ reply: 'error', id: request.id,
    kind: error.code === 'EADDRINUSE' ? 'address-in-use' : 'os-error', message: error.message }));
  const where = request.transport === 'unix' ? { path: request.path } : { host: '127.0.0.1', port: 0 };
  return server.listen({ ...where, backlog: request.backlog || 100 }, () => say({ reply: 'listening', id: request.id,
    ...(request.transport === 'unix' ? { path: request.path } : { port: server.address().port }) }));
}

function turns(count, then) {
  if (count === 0) then();
  else setImmediate(() => turns(count - 1, then));
}

function answer(request) {
  switch (request.op) {
    case 'hello':
      return say({ reply: 'hello', protocol: 1, name: 'node', version: process.versions.node, style: 'protocol',
        offers: OFFERS });
    case 'listen': return listen(request);
    case 'act':
      connections[request.connection].act(request.do);
      return say({ reply: 'done' });
    case 'stop':
      servers.get(request.id).close();
      return say({ reply: 'stopped', id: request.id });
    case 'drain':
      return turns(3, () => say({ reply: 'drained', open: connections.filter((each) => !each.lost).length }));
    case 'exit': return process.exit(0);
    default: return say({ reply: 'error', kind: 'bad-request', message: `unknown op ${request.op}` });
  }
}

process.on('uncaughtException', (error) => say({ event: 'EX', where: 'uncaughtException', message: String(error) }));
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  try {
    answer(JSON.parse(line));
  } catch (error) {
    say({ reply: 'error', kind: 'bad-request', message: String(error) });
  }
}).on('close', () => process.exit(0));
