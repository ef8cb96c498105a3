// The shared app on node's own HTTP server, for comparison. Usage: node node_app.js PORT
'use strict';
const http = require('http');

const PERIOD = 251;

const routes = [
  ['GET', /^\/$/, (request, response) => {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end('hello, world\n');
  }],
  ['POST', /^\/echo$/, (request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      response.setHeader('Content-Type', request.headers['content-type'] || 'application/octet-stream');
      response.setHeader('Content-Length', body.length);
      response.end(body);
    });
  }],
  ['GET', /^\/stream\/(\d+)$/, (request, response, count) => {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    for (let i = 0; i < count; ++i) response.write(`chunk ${i}\n`);
    response.end();
  }],
  ['GET', /^\/bytes\/(\d+)$/, (request, response, size) => {
    const body = Buffer.alloc(size);
    for (let i = 0; i < size; ++i) body[i] = i % PERIOD;
    response.setHeader('Content-Length', size);
    response.end(body);
  }],
  ['GET', /^\/delay\/(\d+)$/, (request, response, time) => setTimeout(() => response.end('waited\n'), time)],
  ['GET', /^\/headers$/, (request, response) => {
    const fields = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) fields.push(request.rawHeaders.slice(i, i + 2));
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(fields).replace(/","/g, '", "') + '\n');
  }],
];

const server = http.createServer((request, response) => {
  let path = '*';
  try {
    path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  } catch {
    if (request.url !== '*') return response.writeHead(400).end();
  }
  const here = routes.filter(([, pattern]) => pattern.test(path));
  const wanted = request.method === 'HEAD' ? 'GET' : request.method;
  const route = here.find(([method]) => method === wanted);
  if (route) {
    const found = route[1].exec(path);
    return route[2](request, response, found[1] === undefined ? undefined : Number(found[1]));
  }
  request.resume();
  if (here.length === 0) response.statusCode = 404;
  else {
    response.statusCode = request.method === 'OPTIONS' ? 200 : 405;
    response.setHeader('Allow', here.map(([method]) => (method === 'GET' ? 'GET, HEAD' : method)).join(', '));
  }
  response.end();
});
server.listen(Number(process.argv[2]), '127.0.0.1');
