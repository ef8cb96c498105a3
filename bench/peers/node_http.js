// Node.js' own http module, with the same octets. Prints the port that it listens on.
const http = require('http');
const server = http.createServer((request, response) => {
  response.removeHeader('Connection');  // the connection is kept all the same
  response.writeHead(200, {'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': 13});
  response.end('hello, world\n');
});
server.keepAliveTimeout = 0;  // no limit, so no field that tells it
server.listen({host: '127.0.0.1', port: 0, backlog: 1024}, () => console.log(`listening ${server.address().port}`));
