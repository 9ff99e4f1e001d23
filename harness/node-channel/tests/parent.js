'use strict';
// A Node parent of the example echo_child, whose path is the first argument. Exits 0 if all is well.
const assert = require('assert');
const { fork } = require('child_process');

const start = () => fork('ignored', { execPath: process.argv[2], execArgv: [] });

const values = [
  null, true, -1.5, -0, '', 'é😀\u2028\ufeff\0"\\', '\ud800', [], {}, [1, [2, [3, { a: null }]]],
  { b: 1, 10: 2, a: { c: [] } }, 'x'.repeat(3_000_000), { cmd: 'NODE_' },
];
// 20000 more, so that both backlogs fill.
for (let n = 0; n < 20000; n += 1) values.push({ n, text: 'abc' });

function echo() {
  const child = start();
  let next = 0;
  const completed = [];
  child.on('message', (message) => {
    const expected = JSON.parse(JSON.stringify(values[next]));
    assert.deepStrictEqual(message, expected, `message ${next}`);
    next += 1;
    if (next === values.length) child.disconnect();
  });
  child.on('exit', (code, signal) => {
    assert.deepStrictEqual([next, code, signal], [values.length, 0, null]);
    assert.strictEqual(completed.length, values.length);
    bad();
  });
  values.forEach((value, n) => child.send(value, (error) => {
    assert.strictEqual(error, null);
    completed.push(n);
  }));
}

// A start with a broken environment is refused, and one without a channel is no crash.
function bad() {
  const { spawnSync } = require('child_process');
  const run = (env) => spawnSync(process.argv[2], [], { env, encoding: 'utf8', timeout: 10000 });
  for (const [env, status, words] of [
    [{}, 2, /start me with fork/],
    [{ NODE_CHANNEL_FD: '' }, 2, /start me with fork/],
    [{ NODE_CHANNEL_FD: 'abc' }, 1, /NotANumber/],
    [{ NODE_CHANNEL_FD: '-1' }, 1, /NotANumber/],
    [{ NODE_CHANNEL_FD: '77' }, 1, /NotOpen/],
    [{ NODE_CHANNEL_FD: '3', NODE_CHANNEL_SERIALIZATION_MODE: 'JSON' }, 1, /UnknownMode/],
  ]) {
    const result = run(env);
    assert.strictEqual(result.status, status, JSON.stringify([env, result]));
    assert.match(result.stderr, words);
  }
  died();
}

// The end of the parent's side ends the child.
function died() {
  const child = start();
  child.on('exit', (code) => {
    assert.strictEqual(code, 0);
    process.exit(0);
  });
  child.on('message', () => child.disconnect());
  child.send('hello');
}

echo();
