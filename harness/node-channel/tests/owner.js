'use strict';
// A Node parent of the example socket_child, whose path is the first argument; the second is the serialization.
// Exits 0 if all is well.
const assert = require('assert');
const net = require('net');
const { fork } = require('child_process');

const child = fork('ignored', { execPath: process.argv[2], execArgv: [], serialization: process.argv[3] });
const next = () => new Promise((resolve) => child.once('message', resolve));
const count = (server) => new Promise((resolve, reject) =>
  server.getConnections((error, n) => (error ? reject(error) : resolve(n))));

async function main() {
  if (process.argv[3] === 'advanced') {
    const value = { date: new Date(5), map: new Map([[1, new Set(['x'])]]), bytes: Buffer.from('hi'), big: 7n };
    value.self = value;
    child.send(value);
    assert.deepStrictEqual(await next(), value);
  }
  const server = net.createServer({ pauseOnConnect: true });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clients = [];
  for (let n = 0; n < 3; n += 1) {
    const client = net.connect(server.address().port, '127.0.0.1');
    const socket = await new Promise((resolve) => server.once('connection', resolve));
    client.write('early\n');
    child.send('serve', socket);
    child.send('after');
    assert.strictEqual(await next(), 'serving');
    assert.strictEqual(await next(), 'after');
    const data = await new Promise((resolve) => client.once('data', resolve));
    assert.strictEqual(String(data), 'EARLY');
    clients.push(client);
  }
  assert.strictEqual(await count(server), 3);
  const closed = () => new Promise((resolve) => clients.shift().once('close', resolve).end());
  await closed();
  // The child closes its end in a thread, and says so when asked.
  while (await count(server) !== 2) await new Promise(setImmediate);
  let done = false;
  const end = new Promise((resolve) => server.close(() => { done = true; resolve(); }));
  await closed();
  child.send('still here');
  assert.strictEqual(await next(), 'still here');
  assert.strictEqual(done, false);
  await closed();
  await end;
  child.once('exit', (code) => process.exit(code));
  child.disconnect();
}

main();
